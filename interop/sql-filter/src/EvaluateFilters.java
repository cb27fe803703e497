import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Map;
import org.apache.rocketmq.broker.filter.MessageEvaluationContext;
import org.apache.rocketmq.common.message.MessageDecoder;
import org.apache.rocketmq.filter.FilterFactory;
import org.apache.rocketmq.filter.expression.Expression;

/**
 * Asks the official evaluator about SQL92 expressions.
 *
 * <p>A line of standard input holds an expression and any number of encoded property sets, each in base64, separated by
 * blanks. The answer is a line with a letter for each set: {@code T} true, {@code F} false, {@code N} null, {@code E} the
 * evaluation fails; or {@code P} alone when the expression is refused.
 */
public final class EvaluateFilters {
    private EvaluateFilters() {
    }

    public static void main(String[] arguments) throws Exception {
        PrintStream output = System.out;
        // What libraries log is not for our reader.
        System.setOut(System.err);
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.println(answer(line.split(" ")));
            output.flush();
        }
        System.exit(0);
    }

    private static String answer(String[] words) {
        Expression expression;
        try {
            expression = FilterFactory.INSTANCE.get("SQL92").compile(decoded(words[0]));
        } catch (Throwable refused) {
            return "P";
        }
        StringBuilder letters = new StringBuilder();
        for (int index = 1; index < words.length; index++) {
            letters.append(evaluate(expression, MessageDecoder.string2messageProperties(decoded(words[index]))));
        }
        return letters.toString();
    }

    private static char evaluate(Expression expression, Map<String, String> properties) {
        try {
            Object result = expression.evaluate(new MessageEvaluationContext(properties));
            return result == null ? 'N' : Boolean.TRUE.equals(result) ? 'T' : Boolean.FALSE.equals(result) ? 'F' : 'E';
        } catch (Throwable failed) {
            return 'E';
        }
    }

    private static String decoded(String word) {
        // A dot stands for an empty text, which base64 would leave no word for.
        return ".".equals(word) ? "" : new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8);
    }
}
