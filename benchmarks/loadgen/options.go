package main

import (
	"flag"
	"fmt"
	"strconv"
	"strings"
)

// Options are the flags that the loads share.
type Options struct {
	addresses   []string
	pids        []int
	connections int
	inFlight    int
	size        int
	topic       string
	topics      int
	queues      int
	batch       int
	oneWay      bool
	numbered    bool
	priorities  int
	rate        float64
	max         int
	broker      string
	sql         string
	inTurn      bool
	consumers   int
	popping     bool
	lite        int
	keys        int
	count       int64
	warmMs      int64
	measureMs   int64
	delayMs     int64
	deadlineMs  int64
	folder      string
	farTopic    string
	phaseMs     int64
	sampleMs    int64
}

func parseOptions(command string, arguments []string) (Options, error) {
	var options Options
	var addresses, pids string
	flags := flag.NewFlagSet(command, flag.ContinueOnError)
	flags.StringVar(&addresses, "address", "127.0.0.1:10911", "brokers, separated by commas; connections are spread over them")
	flags.StringVar(&pids, "pid", "", "processes whose CPU and memory are reported, separated by commas")
	flags.IntVar(&options.connections, "connections", 4, "connections")
	flags.IntVar(&options.inFlight, "in-flight", 32, "requests under way on each connection")
	flags.IntVar(&options.size, "size", 128, "bytes of a body")
	flags.StringVar(&options.topic, "topic", "Bench", "topic, or the part before the number when there are several")
	flags.IntVar(&options.topics, "topics", 1, "topics; several have a number appended, from 0")
	flags.IntVar(&options.queues, "queues", 4, "queues of a topic")
	flags.IntVar(&options.batch, "batch", 1, "messages in a request")
	flags.BoolVar(&options.oneWay, "one-way", false, "no answers; messages are counted by the queues' offsets")
	flags.BoolVar(&options.numbered, "numbered", false, "send: messages have the id of a producer and a number, by which they are stored once")
	flags.IntVar(&options.priorities, "priorities", 0, "send: messages have priorities from 0 to below this in turn")
	flags.Float64Var(&options.rate, "rate", 0, "requests a second in all; latency then counts from when each was due. 0: as fast as answers come")
	flags.IntVar(&options.max, "max", 32, "messages asked for by a pull, or by POP")
	flags.StringVar(&options.broker, "broker", "broker-a", "pop, poll -popping: name of the broker, which its receipts hold")
	flags.StringVar(&options.sql, "sql", "", "pull, poll: SQL92 expression that messages have to match")
	flags.BoolVar(&options.inTurn, "in-turn", false, "fill: batches of messages with a property n, 0 to 9 in turn")
	flags.IntVar(&options.consumers, "consumers", 4, "poll: consumers, each with a connection and a queue of its own")
	flags.BoolVar(&options.popping, "popping", false, "poll: consumers wait by POP, and acknowledge what they are given")
	flags.IntVar(&options.lite, "lite", 0, "fill, poll: lite topics of the topic that messages go to in turn; consumers share them")
	flags.IntVar(&options.keys, "keys", 0, "send: keys that messages have, one each and in turn")
	flags.Int64Var(&options.count, "count", 0, "fill, create, grow: messages or topics")
	flags.Int64Var(&options.warmMs, "warm", 1000, "milliseconds before measuring")
	flags.Int64Var(&options.measureMs, "measure", 5000, "milliseconds of measuring")
	flags.Int64Var(&options.delayMs, "delay", 0, "milliseconds after which messages are due; poll: latency then counts from when each was")
	flags.Int64Var(&options.deadlineMs, "deadline", 0, "milliseconds after which the process ends itself whatever happens; 0: 30 s after the load's end")
	flags.StringVar(&options.folder, "folder", "", "drop, grow, steady: folder of a store")
	flags.StringVar(&options.farTopic, "far-topic", "BenchFar", "steady: what consumers that are far behind read, again and again")
	flags.Int64Var(&options.phaseMs, "phase", 30_000, "steady: milliseconds of a phase with or without them")
	flags.Int64Var(&options.sampleMs, "sample", 5000, "steady: milliseconds between two reports; divides -phase")
	if err := flags.Parse(arguments); err != nil {
		return options, err
	}
	options.addresses = strings.Split(addresses, ",")
	for _, text := range strings.Split(pids, ",") {
		if text == "" {
			continue
		}
		pid, err := strconv.Atoi(text)
		if err != nil {
			return options, fmt.Errorf("-pid: %w", err)
		}
		options.pids = append(options.pids, pid)
	}
	if options.connections < 1 || options.inFlight < 1 || options.topics < 1 || options.queues < 1 || options.batch < 1 ||
		options.consumers < 1 || options.max < 1 || options.size < 8 {
		return options, fmt.Errorf("numbers of things must be 1 or more, and bodies 8 bytes or more")
	}
	if (options.lite > 0 || options.keys > 0 || options.priorities > 0) && options.batch > 1 {
		return options, fmt.Errorf("-lite, -keys and -priorities are for single messages")
	}
	if options.delayMs != 0 && (options.delayMs < 0 || options.batch > 1) {
		return options, fmt.Errorf("-delay is for single messages, and 0 or more")
	}
	return options, nil
}

func (o Options) window() Window { return newWindow(o.warmMs, o.measureMs) }

func (o Options) address(index int) string { return o.addresses[index%len(o.addresses)] }

func (o Options) topicNames() []string {
	if o.topics == 1 {
		return []string{o.topic}
	}
	names := make([]string, o.topics)
	for index := range names {
		names[index] = o.topic + strconv.Itoa(index)
	}
	return names
}
