package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Policy;
import io.sluice.broker.policy.PolicyDecoder;
import io.sluice.broker.policy.Require;
import io.sluice.compiler.yaml.PolicyException.Problem;
import io.sluice.policy.v1.PolicyMessage;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.snakeyaml.engine.v2.api.LoadSettings;
import org.snakeyaml.engine.v2.api.lowlevel.Compose;
import org.snakeyaml.engine.v2.api.lowlevel.Parse;
import org.snakeyaml.engine.v2.events.*;
import org.snakeyaml.engine.v2.exceptions.MarkedYamlEngineException;
import org.snakeyaml.engine.v2.exceptions.YamlEngineException;
import org.snakeyaml.engine.v2.nodes.Node;
import org.snakeyaml.engine.v2.schema.FailsafeSchema;

/**
 * Reads a policy file, or says everything that is wrong with it. Three stages, each of which ends the reading if it finds
 * problems: characters (UTF-8, no tabs), structure (one document of plain YAML: no anchors and aliases), content.
 */
public final class PolicyLoader {
    /** The largest file, in bytes. */
    public static final int MAX_BYTES = 256 << 10;

    private static final String TOO_LARGE = "larger than 256KiB; expected a smaller file";
    private static final int MAX_DEPTH = 16;
    /** What YAML can't have, or people can't see: tabs too, and what the decoder puts where a byte is not UTF-8. */
    private static final Pattern UNREADABLE =
            Pattern.compile("[^ -~\\x{A0}-\\x{D7FF}\\x{E000}-\\x{FFFC}\\x{10000}-\\x{10FFFF}]");

    private static final LoadSettings SETTINGS = LoadSettings.builder()
            .setSchema(new FailsafeSchema())
            .setAllowNonScalarKeys(true)
            .build();

    private PolicyLoader() {}

    /** Reads a file; throws if it can't be read, or isn't a policy. */
    public static PolicyMessage compile(Path file, Identities identities) throws PolicyException {
        String source = file.toString();
        try (InputStream in = Files.newInputStream(file)) {
            byte[] bytes = in.readNBytes(MAX_BYTES + 1);
            if (bytes.length > MAX_BYTES) {
                throw refused(source, TOO_LARGE);
            }
            return compile(source, new String(bytes, StandardCharsets.UTF_8), identities);
        } catch (NoSuchFileException e) {
            throw refused(source, "there is no such file; expected a policy");
        } catch (IOException e) {
            throw refused(source, "cannot be read (" + e + "); expected a policy");
        }
    }

    /** The same, as the broker will have it. */
    public static Policy load(Path file, Identities identities) throws PolicyException {
        return PolicyDecoder.policy(compile(file, identities));
    }

    /** The same for a text, whose name in errors is {@code source}. */
    public static Policy load(String source, String text, Identities identities) throws PolicyException {
        return PolicyDecoder.policy(compile(source, text, identities));
    }

    /** Reads a text, whose name in errors is {@code source}; throws if it isn't a policy. */
    public static PolicyMessage compile(String source, String text, Identities identities) throws PolicyException {
        if (text.length() > MAX_BYTES) {
            throw refused(source, TOO_LARGE);
        }
        List<Problem> problems = new ArrayList<>();
        characters(text, problems);
        PolicyException.check(source, problems);
        structure(text, problems);
        PolicyException.check(source, problems);
        String empty = "there is nothing in it; expected version, tenants and perhaps admins";
        Node root = new Compose(SETTINGS).composeString(text).orElseThrow(() -> refused(source, empty));
        Optional<PolicyMessage> policy = new PolicyReader(problems, identities).read(source, text, root);
        PolicyException.check(source, problems);
        return policy.orElseThrow();
    }

    private static PolicyException refused(String source, String message) {
        return new PolicyException(source, List.of(new Problem(0, 0, message)));
    }

    /** The first bad character of each line. Tabs look like indentation to people and not to YAML. */
    private static void characters(String text, List<Problem> problems) {
        String[] lines = text.split("\r\n|[\r\n]", -1);
        for (int i = 0; i < lines.length; i++) {
            Matcher bad = UNREADABLE.matcher(lines[i]);
            if (bad.find()) {
                int c = lines[i].codePointAt(bad.start());
                String message = switch (c) {
                    case '\t' -> "a tab; expected spaces";
                    case 0xFFFD -> "not UTF-8; expected a text file in UTF-8";
                    default -> String.format("character U+%04X; expected printable text", c);
                };
                problems.add(new Problem(i + 1, lines[i].codePointCount(0, bad.start()) + 1, message));
            }
        }
    }

    /** Parses without building anything: syntax, and what YAML has beyond what a policy needs. */
    private static void structure(String text, List<Problem> problems) {
        int depth = 0;
        int documents = 0;
        try {
            for (Event event : new Parse(SETTINGS).parseString(text)) {
                if (event instanceof DocumentStartEvent && ++documents > 1) {
                    problems.add(Problem.at(event.getStartMark(), "another document; expected one policy in one file"));
                } else if (event instanceof CollectionStartEvent && ++depth == MAX_DEPTH + 1) {
                    problems.add(Problem.at(
                            event.getStartMark(), "nested too deep; expected at most " + MAX_DEPTH + " levels"));
                    // To go on would cost: the parser's time grows with the square of the depth.
                    return;
                } else if (event instanceof CollectionEndEvent) {
                    depth--;
                }
                if (event instanceof NodeEvent node && node.getAnchor().isPresent()) {
                    String found = "anchors (&) and aliases (*) are not allowed; expected the value itself";
                    problems.add(Problem.at(event.getStartMark(), found));
                }
            }
        } catch (MarkedYamlEngineException e) {
            String context = e.getContext() == null ? "" : " " + e.getContext();
            String found = Require.printable(e.getProblem() + context); // a character as it is, even a line's end
            problems.add(Problem.at(e.getProblemMark().or(e::getContextMark), "not YAML: " + found));
        } catch (YamlEngineException e) {
            problems.add(new Problem(1, 1, "not YAML: " + e.getMessage() + "; expected YAML 1.2"));
        }
    }
}
