package io.sluice.broker.audit;

import java.util.StringJoiner;
import java.util.stream.Collectors;

/** Writes JSON (RFC 8259) on one line. */
final class Json {
    private Json() {}

    /** An object with these keys and values, strings and integers, in this order; what is an empty string is left out. */
    static String object(Object... keysAndValues) {
        StringJoiner object = new StringJoiner(",", "{", "}");
        for (int i = 0; i < keysAndValues.length; i += 2) {
            Object value = keysAndValues[i + 1];
            if (!value.equals("")) {
                object.add(quoted(keysAndValues[i].toString()) + ":"
                        + (value instanceof Long ? value : quoted(value.toString())));
            }
        }
        return object.toString();
    }

    /** A string. */
    static String quoted(String text) {
        return '"' + text.codePoints().mapToObj(Json::escaped).collect(Collectors.joining()) + '"';
    }

    /** Control characters act on terminals, line separators on JavaScript; half a surrogate pair UTF-8 can't carry. */
    private static String escaped(int c) {
        if (c == '"' || c == '\\') {
            return "\\" + (char) c;
        }
        boolean bad = Character.isISOControl(c) || (c >= 0xD800 && c <= 0xDFFF) || c == 0x2028 || c == 0x2029;
        return bad ? String.format("\\u%04x", c) : Character.toString(c);
    }
}
