package io.sluice.broker.audit;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/** Writes JSON (RFC 8259) on one line. */
public final class Json {
    private Json() {}

    /** An object with these keys and values, in this order: {@code object("line", 3, "message", "...")}. */
    public static Map<String, Object> object(Object... keysAndValues) {
        Map<String, Object> object = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            object.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return object;
    }

    /**
     * The text of a value.
     *
     * @throws IllegalArgumentException it is something else than a string, integer, boolean, or map or collection of these
     */
    public static String write(Object value) {
        if (value instanceof CharSequence text) {
            return quote(text);
        } else if (value instanceof Integer || value instanceof Long || value instanceof Boolean) {
            return value.toString();
        } else if (value instanceof Map<?, ?> map) {
            return map.entrySet().stream()
                    .map(entry -> quote(entry.getKey().toString()) + ":" + write(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
        } else if (value instanceof Collection<?> items) {
            return items.stream().map(Json::write).collect(Collectors.joining(",", "[", "]"));
        }
        throw new IllegalArgumentException("no JSON for " + value);
    }

    /**
     * Escaped are quotes, backslashes, control characters (DEL and the C1 set too, which terminals act upon), the line
     * separators of JavaScript, and halves of surrogate pairs, which UTF-8 can't carry.
     */
    private static String quote(CharSequence text) {
        StringBuilder quoted = new StringBuilder(text.length() + 2).append('"');
        text.codePoints().forEach(c -> {
            if (c == '"' || c == '\\') {
                quoted.append('\\').append((char) c);
            } else if (Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF) || c == 0x2028 || c == 0x2029) {
                quoted.append(String.format("\\u%04x", c));
            } else {
                quoted.appendCodePoint(c);
            }
        });
        return quoted.append('"').toString();
    }
}
