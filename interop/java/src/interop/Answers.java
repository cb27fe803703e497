package interop;

import com.google.gson.ExclusionStrategy;
import com.google.gson.FieldAttributes;
import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import com.google.gson.JsonSerializer;
import java.net.SocketAddress;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import org.apache.rocketmq.client.exception.MQBrokerException;
import org.apache.rocketmq.client.exception.MQClientException;

/** What calls answered, each under a name: the value with all its fields, or the refusal with its code. */
final class Answers {
    /** What the classes of the client hold beside what came over the wire. */
    private static final ExclusionStrategy TOOLS = new ExclusionStrategy() {
        @Override
        public boolean shouldSkipField(FieldAttributes field) {
            return false;
        }

        @Override
        public boolean shouldSkipClass(Class<?> type) {
            return type == Random.class;
        }
    };
    /** Maps whose keys are objects become lists of pairs. */
    private static final Gson GSON = new GsonBuilder()
        .serializeNulls()
        .setExclusionStrategies(TOOLS)
        .enableComplexMapKeySerialization()
        .registerTypeHierarchyAdapter(SocketAddress.class,
            (JsonSerializer<SocketAddress>) (address, type, context) -> new JsonPrimitive(address.toString()))
        .create();
    private final Map<String, JsonElement> answers = new LinkedHashMap<>();

    @FunctionalInterface
    interface Action {
        void run() throws Exception;
    }

    /** Makes a call that answers something. */
    void of(String name, Check.Attempt<Object> call) throws Exception {
        JsonElement answer;
        try {
            answer = GSON.toJsonTree(call.get());
        } catch (MQClientException refused) {
            answer = refusal(refused.getResponseCode(), refused.getErrorMessage());
        } catch (MQBrokerException refused) {
            answer = refusal(refused.getResponseCode(), refused.getErrorMessage());
        }
        Check.that(answers.put(name, answer) == null, "two calls have the name " + name);
    }

    /** Makes a call that answers nothing when all is well. */
    void to(String name, Action call) throws Exception {
        of(name, () -> {
            call.run();
            return "done";
        });
    }

    private static JsonObject refusal(int code, String message) {
        JsonObject refusal = new JsonObject();
        refusal.addProperty("refusedWith", code);
        refusal.addProperty("message", message);
        return refusal;
    }

    /** An object with a member for each call. */
    String toJson() {
        return GSON.toJson(answers);
    }
}
