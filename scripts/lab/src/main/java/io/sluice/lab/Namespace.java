package io.sluice.lab;

/**
 * A network namespace of a {@link Lab}.
 *
 * @param name as {@code ip netns} shows it
 */
public record Namespace(String name) {
    /** The file that keeps it alive. */
    public String path() {
        return "/run/netns/" + name;
    }

    /** A device in this namespace. */
    public Device device(String device) {
        return new Device(this, device);
    }

    /**
     * A network device.
     *
     * @param namespace where it is
     * @param name its name there, at most 15 characters
     */
    public record Device(Namespace namespace, String name) {}
}
