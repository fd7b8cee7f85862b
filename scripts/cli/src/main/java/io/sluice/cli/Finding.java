package io.sluice.cli;

import com.google.gson.JsonObject;
import java.util.Locale;

/**
 * What one check of {@code sluice doctor} found.
 *
 * @param check what was looked at
 * @param finding what was seen
 * @param advice what to do about it; empty if nothing
 */
record Finding(Verdict verdict, String check, String finding, String advice) {
    /** In the order of gravity. */
    enum Verdict {
        OK("ok"),
        /** Something will not work, or not well. */
        WARN("warn"),
        /** Nothing will work. */
        FAIL("FAIL");

        private final String word;

        Verdict(String word) {
            this.word = word;
        }
    }

    static Finding ok(String check, String finding) {
        return new Finding(Verdict.OK, check, finding, "");
    }

    static Finding warn(String check, String finding, String advice) {
        return new Finding(Verdict.WARN, check, finding, advice);
    }

    static Finding fail(String check, String finding, String advice) {
        return new Finding(Verdict.FAIL, check, finding, advice);
    }

    String line() {
        String pad = " ".repeat(6 - verdict.word.length());
        return verdict.word + pad + check + ": " + finding + (advice.isEmpty() ? "" : "; " + advice);
    }

    JsonObject json() {
        JsonObject json = new JsonObject();
        json.addProperty("check", check);
        json.addProperty("verdict", verdict.word.toLowerCase(Locale.ROOT));
        json.addProperty("finding", finding);
        json.addProperty("advice", advice);
        return json;
    }
}
