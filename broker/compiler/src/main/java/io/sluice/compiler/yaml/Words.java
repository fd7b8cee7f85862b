package io.sluice.compiler.yaml;

import io.sluice.broker.policy.Require;
import java.util.List;
import java.util.Locale;

/** What somebody probably meant. */
final class Words {
    private Words() {}

    /** {@code " (did you mean ...?)"} if one of the choices looks like a misspelling away, else nothing. */
    static String didYouMean(String word, List<String> choices) {
        String lower = word.toLowerCase(Locale.ROOT);
        String close = choices.stream()
                .filter(choice -> isClose(lower, choice))
                .findFirst()
                .orElse("");
        return close.isEmpty() ? "" : " (did you mean " + Require.shown(close) + "?)";
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
