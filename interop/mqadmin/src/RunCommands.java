import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.rocketmq.client.consumer.DefaultMQPushConsumer;
import org.apache.rocketmq.client.consumer.listener.ConsumeConcurrentlyStatus;
import org.apache.rocketmq.client.consumer.listener.MessageListenerConcurrently;
import org.apache.rocketmq.client.producer.DefaultMQProducer;
import org.apache.rocketmq.client.producer.SendResult;
import org.apache.rocketmq.client.producer.SendStatus;
import org.apache.rocketmq.common.consumer.ConsumeFromWhere;
import org.apache.rocketmq.common.message.Message;
import org.apache.rocketmq.common.message.MessageExt;
import org.apache.rocketmq.common.message.MessageQueue;
import org.apache.rocketmq.tools.command.MQAdminStartup;

/**
 * Runs mqadmin commands, and what brings a cluster into a known state, in one JVM.
 *
 * <p>A request is a line of standard input: a word and its arguments, each in base64, separated by blanks. A response is a
 * line of standard output: {@code ok} or {@code failed}, and the base64 of what the command printed.
 *
 * <ul>
 *   <li>{@code mqadmin ARG...}: what it prints to standard output and error
 *   <li>{@code send TOPIC BROKER QUEUE TAG KEY BODY}: prints the offset message id, a blank and the unique id
 *   <li>{@code join GROUP TOPIC}: lets a push consumer come and go
 *   <li>{@code consume GROUP TOPIC COUNT REFUSED}: starts a push consumer that stays and waits until it has accepted that many
 *       messages; it refuses those with the keys listed, separated by commas, at their first delivery
 *   <li>{@code member KIND GROUP TOPIC INSTANCE EXPRESSION COUNT HELD}: starts a member that stays, see {@link Members}
 * </ul>
 */
public final class RunCommands {
    private static final PrintStream OUT = System.out;
    private static final long WAIT_MS = 120_000;
    private final String nameServers;
    private DefaultMQProducer producer;
    private final List<DefaultMQPushConsumer> consumers = new ArrayList<>();
    private final Members members;

    private RunCommands(String nameServers) {
        this.nameServers = nameServers;
        members = new Members(nameServers);
    }

    public static void main(String[] args) throws Exception {
        RunCommands commands = new RunCommands(args[0]);
        hastenShutdowns(Thread.currentThread());
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            List<String> words = new ArrayList<>();
            for (String word : line.split(" ", -1)) {
                words.add(new String(Base64.getDecoder().decode(word), StandardCharsets.UTF_8));
            }
            OUT.println(commands.run(words.get(0), words.subList(1, words.size()).toArray(new String[0])));
            OUT.flush();
        }
        System.exit(0);
    }

    /**
     * A client that is shut down waits up to three seconds for a thread that waits for events, and each command has a client
     * of its own. This wakes those threads while the command waits for one.
     */
    private static void hastenShutdowns(Thread main) {
        Thread waker = new Thread(() -> {
            while (true) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20));
                if (main.getState() != Thread.State.TIMED_WAITING) continue;
                boolean isShutdown = Arrays.stream(main.getStackTrace())
                    .anyMatch((frame) -> frame.getClassName().endsWith(".ServiceThread"));
                if (!isShutdown) continue;
                for (Thread thread : Thread.getAllStackTraces().keySet()) {
                    if (thread.getName().startsWith("NettyEventExecutor")) thread.interrupt();
                }
            }
        });
        waker.setDaemon(true);
        waker.start();
    }

    /** Some commands keep a client that is shut down after the first time: each run gets commands of its own. */
    private static final class NewCommands extends MQAdminStartup {
        static void make() {
            SUB_COMMANDS.clear();
        }
    }

    private String run(String name, String[] args) {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream stream = new PrintStream(printed, true, StandardCharsets.UTF_8);
        PrintStream error = System.err;
        System.setOut(stream);
        System.setErr(stream);
        String outcome = "ok";
        try {
            switch (name) {
                case "mqadmin" -> {
                    NewCommands.make();
                    MQAdminStartup.main0(args, null);
                }
                case "send" -> send(args);
                case "join" -> pushConsumer(args[0], args[1], Set.of(), ConcurrentHashMap.newKeySet()).shutdown();
                case "consume" -> consume(args[0], args[1], Integer.parseInt(args[2]), args.length < 4 ? Set.of() : Set.of(args[3].split(",")));
                case "member" -> members.start(args[0], args[1], args[2], args[3], args[4], Integer.parseInt(args[5]), Set.of(args[6].split(",")));
                default -> throw new IllegalArgumentException(name);
            }
        } catch (Throwable problem) {
            outcome = "failed";
            problem.printStackTrace(stream);
        } finally {
            System.setOut(OUT);
            System.setErr(error);
        }
        stream.flush();
        return outcome + " " + Base64.getEncoder().encodeToString(printed.toByteArray());
    }

    private void send(String[] args) throws Exception {
        if (producer == null) {
            producer = new DefaultMQProducer("admin-producers");
            producer.setNamesrvAddr(nameServers);
            producer.setInstanceName("producer");
            producer.start();
        }
        Message message = new Message(args[0], args[3], args[4], args[5].getBytes(StandardCharsets.UTF_8));
        message.putUserProperty("colour", "blue");
        SendResult result = producer.send(message, new MessageQueue(args[0], args[1], Integer.parseInt(args[2])));
        if (result.getSendStatus() != SendStatus.SEND_OK) {
            throw new IllegalStateException(result.toString());
        }
        System.out.print(result.getOffsetMsgId() + " " + result.getMsgId());
    }

    private DefaultMQPushConsumer pushConsumer(String group, String topic, Set<String> refused, Set<String> accepted)
            throws Exception {
        DefaultMQPushConsumer consumer = new DefaultMQPushConsumer(group);
        consumer.setNamesrvAddr(nameServers);
        consumer.setInstanceName("consumer");
        consumer.setConsumeFromWhere(ConsumeFromWhere.CONSUME_FROM_FIRST_OFFSET);
        consumer.setPersistConsumerOffsetInterval(500);
        consumer.subscribe(topic, "TagA || TagB || TagC");
        consumer.registerMessageListener((MessageListenerConcurrently) (messages, context) -> {
            // One message a call, which is the default.
            MessageExt message = messages.get(0);
            if (message.getReconsumeTimes() == 0 && refused.contains(message.getKeys())) {
                context.setDelayLevelWhenNextConsume(1);
                return ConsumeConcurrentlyStatus.RECONSUME_LATER;
            }
            accepted.add(message.getKeys());
            return ConsumeConcurrentlyStatus.CONSUME_SUCCESS;
        });
        consumer.start();
        return consumer;
    }

    private void consume(String group, String topic, int count, Set<String> refused) throws Exception {
        Set<String> accepted = ConcurrentHashMap.newKeySet();
        consumers.add(pushConsumer(group, topic, refused, accepted));
        long deadline = System.currentTimeMillis() + WAIT_MS;
        while (accepted.size() < count) {
            if (System.currentTimeMillis() > deadline) {
                throw new IllegalStateException(accepted.size() + " of " + count + " messages: " + accepted);
            }
            Thread.sleep(20);
        }
    }
}
