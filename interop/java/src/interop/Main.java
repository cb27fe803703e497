package interop;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs scenarios with the official client. Each line of standard input is a JSON object: a request
 * {id, scenario, namesrvAddr, suffix, parameters} starts a scenario in a thread of its own, and {id, continue}
 * lets it go on from a checkpoint. Lines written are {id, checkpoint, detail} and, at the end, {id, ok, detail}.
 */
public final class Main {
    private static final Gson GSON = new Gson();
    private static final Map<String, Run> RUNNING = new ConcurrentHashMap<>();
    private static PrintStream output;

    public static void main(String[] arguments) throws Exception {
        output = System.out;
        // The client library and its logger write to standard output too: that is not for our reader.
        System.setOut(System.err);
        BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = input.readLine(); line != null; line = input.readLine()) {
            JsonObject request = GSON.fromJson(line, JsonObject.class);
            String id = request.get("id").getAsString();
            if (request.has("continue")) {
                Run run = RUNNING.get(id);
                if (run != null) {
                    run.passed(request.get("continue").getAsString());
                }
            } else {
                start(id, request);
            }
        }
        System.exit(0);
    }

    private static void start(String id, JsonObject request) {
        Run run = new Run(request, (checkpoint, detail) -> {
            JsonObject line = new JsonObject();
            line.addProperty("id", id);
            line.addProperty("checkpoint", checkpoint);
            line.add("detail", GSON.toJsonTree(detail));
            write(line);
        });
        RUNNING.put(id, run);
        Thread thread = new Thread(() -> {
            JsonObject line = new JsonObject();
            line.addProperty("id", id);
            try (run) {
                Scenario scenario = Scenarios.byName(run.scenario());
                String detail = scenario.run(run);
                line.addProperty("ok", true);
                line.addProperty("detail", detail);
            } catch (Throwable problem) {
                line.addProperty("ok", false);
                line.addProperty("detail", describe(problem));
            }
            RUNNING.remove(id);
            write(line);
        }, run.scenario());
        thread.setDaemon(true);
        thread.start();
    }

    private static String describe(Throwable problem) {
        if (problem instanceof Mismatch) {
            return problem.getMessage();
        }
        StringWriter text = new StringWriter();
        problem.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private static synchronized void write(JsonObject line) {
        byte[] bytes = (GSON.toJson(line) + "\n").getBytes(StandardCharsets.UTF_8);
        output.write(bytes, 0, bytes.length);
        output.flush();
    }
}
