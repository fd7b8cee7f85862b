package io.sluice.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A command and where it runs. Everything around it is exec'ed, so the process id of a started command is that of the
 * program itself.
 *
 * @param words program and arguments
 * @param network which network namespace
 * @param user as whom
 * @param cpus CPU list as taskset takes it; empty: any
 * @param environment variables to add to those of this process
 */
public record Command(List<String> words, Network network, User user, String cpus, Map<String, String> environment) {
    /** Which network namespace a command runs in. */
    public sealed interface Network {
        /** The program, with its arguments, that enters it and executes what follows; none if there is nothing to do. */
        List<String> wrapper();

        /** That of this process. */
        record Inherited() implements Network {
            @Override
            public List<String> wrapper() {
                return List.of();
            }
        }

        /** One of a lab. */
        record In(Namespace namespace) implements Network {
            @Override
            public List<String> wrapper() {
                // Not `ip netns exec`: it also mounts a fresh /sys, in which bpffs and cgroups are missing.
                return List.of("nsenter", "--net=" + namespace.path(), "--");
            }
        }

        /** A new one, with nothing in it but a loopback device that is down; gone with the process. */
        record Empty() implements Network {
            @Override
            public List<String> wrapper() {
                return List.of("unshare", "--net", "--");
            }
        }
    }

    /** As whom a command runs. */
    public sealed interface User {
        /** Options of setpriv(1) that take away what this user does not have. */
        List<String> options();

        /** As this process, usually root. */
        record Inherited() implements User {
            @Override
            public List<String> options() {
                return List.of();
            }
        }

        /** Another user without privilege. */
        record Unprivileged(Identity identity) implements User {
            @Override
            public List<String> options() {
                return List.of(
                        "--reuid=" + identity.uid(),
                        "--regid=" + identity.gid(),
                        "--clear-groups",
                        "--bounding-set=-all",
                        "--inh-caps=-all",
                        "--ambient-caps=-all",
                        "--no-new-privs");
            }
        }
    }

    /** Copies what is mutable. */
    public Command {
        words = List.copyOf(words);
        environment = Map.copyOf(environment);
        if (words.isEmpty()) {
            throw new IllegalArgumentException("a command needs a program");
        }
    }

    /** A command that runs as this process does. */
    public static Command of(String... words) {
        return of(List.of(words));
    }

    /** A command that runs as this process does. */
    public static Command of(List<String> words) {
        return new Command(words, new Network.Inherited(), new User.Inherited(), "", Map.of());
    }

    /** The same in a namespace. */
    public Command in(Namespace namespace) {
        return new Command(words, new Network.In(namespace), user, cpus, environment);
    }

    /** The same in a new, empty network namespace of its own. */
    public Command inEmptyNetwork() {
        return new Command(words, new Network.Empty(), user, cpus, environment);
    }

    /** The same as another, unprivileged user. */
    public Command as(Identity identity) {
        return new Command(words, network, new User.Unprivileged(identity), cpus, environment);
    }

    /** The same on these CPUs only, for example {@code 1} or {@code 0,2-3}. */
    public Command on(String cpuList) {
        return new Command(words, network, user, cpuList, environment);
    }

    /** The same with an environment variable. */
    public Command with(String variable, String value) {
        Map<String, String> more = new TreeMap<>(environment);
        more.put(variable, value);
        return new Command(words, network, user, cpus, more);
    }

    /** What is executed: the wrappers, each of which executes the next, then the words. */
    List<String> argv() {
        List<String> argv = new ArrayList<>(network.wrapper());
        if (!cpus.isEmpty()) {
            argv.addAll(List.of("taskset", "-c", cpus));
        }
        // The death signal ends it even if this process is killed, see Spawner.
        argv.addAll(List.of("setpriv", "--pdeathsig", "KILL"));
        argv.addAll(user.options());
        argv.add("--");
        argv.addAll(words);
        return argv;
    }

    @Override
    public String toString() {
        return String.join(" ", words);
    }
}
