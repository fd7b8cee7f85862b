package io.sluice.compiler.yaml;

import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/** Wording of errors: what somebody wrote, shown safely, and what they probably meant. */
final class Words {
    private static final int SHOWN = 40;
    /** Control, format, private and unassigned characters, line separators: what acts on a terminal or misleads. */
    private static final Pattern UNSHOWN = Pattern.compile("[\\p{C}\\p{Zl}\\p{Zp}]");

    private Words() {}

    /** In quotes; cut if it is long. */
    static String quote(String text) {
        String shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "...";
        return '"' + printable(shown).replace('"', '?') + '"';
    }

    /** The text, with a question mark for whatever would act on a terminal or mislead. */
    static String printable(String text) {
        return UNSHOWN.matcher(text).replaceAll("?");
    }

    /** {@code " (did you mean ...?)"} if one of the choices looks like a misspelling away, else nothing. */
    static String didYouMean(String word, List<String> choices) {
        String lower = word.toLowerCase(Locale.ROOT);
        String close = choices.stream()
                .filter(choice -> isClose(lower, choice))
                .findFirst()
                .orElse("");
        return close.isEmpty() ? "" : " (did you mean " + quote(close) + "?)";
    }

    /** Whether they start alike and, between a common start and end, differ in two characters at most. */
    private static boolean isClose(String a, String b) {
        int shorter = Math.min(a.length(), b.length());
        int start = 0;
        while (start < shorter && a.charAt(start) == b.charAt(start)) {
            start++;
        }
        int end = 0;
        while (end < shorter - start && a.charAt(a.length() - 1 - end) == b.charAt(b.length() - 1 - end)) {
            end++;
        }
        return start > 0 && Math.max(a.length(), b.length()) - start - end <= 2;
    }
}
