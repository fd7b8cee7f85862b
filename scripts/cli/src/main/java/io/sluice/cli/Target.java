package io.sluice.cli;

/** Whom a command calls, in the words of its errors. */
enum Target {
    WORKER("worker", "start one with `sluice worker`, or name its socket with --worker"),
    GATEWAY("gateway", "start it with `sluice gateway`, or name its socket with --gateway");

    private final String noun;
    private final String advice;

    Target(String noun, String advice) {
        this.noun = noun;
        this.advice = advice;
    }

    String noun() {
        return noun;
    }

    /** What to do if it is not there. */
    String advice() {
        return advice;
    }
}
