// loadgen puts load on a RocketMQ broker on this machine over the remoting protocol and reports, as one line of JSON,
// what came through, how long it took, and what the broker's process used for it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"time"
)

var commands = map[string]func(Options) error{
	"send":     runSend,
	"transact": runTransact,
	"reply":    runReply,
	"pull":     runPull,
	"pop":      runPop,
	"poll":     runPoll,
	"steady":   runSteady,
	"create":   runCreate,
	"fill":     runFill,
	"first":    runFirst,
	"drop":     runDrop,
	"grow":     runGrow,
}

const usage = `loadgen COMMAND [FLAGS]     (loadgen COMMAND -h lists the flags)
  send     send messages: -in-flight at a time, or -rate a second
  transact send half messages and commit them, -in-flight at a time
  reply    send replies that the broker pushes back, -in-flight at a time
  pull     read queues from their start, again and again
  poll     send -rate messages a second to consumers that wait for them
  steady   send, with consumers at the tail, and in every other phase others that are far behind; reports all along
  create   create -count topics, one after the other
  fill     send -count messages, in batches
  first    try to send one message until it is accepted
  drop     make the system forget the cached pages of the files below -folder
  grow     write a store of -count messages' worth of consume queues into -folder`

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, usage)
		os.Exit(2)
	}
	options, err := parseOptions(os.Args[1], os.Args[2:])
	if err != nil {
		if !errors.Is(err, flag.ErrHelp) {
			fmt.Fprintln(os.Stderr, err)
		}
		os.Exit(2)
	}
	deadline := time.Duration(options.deadlineMs) * time.Millisecond
	if deadline == 0 {
		deadline = time.Duration(options.warmMs+options.measureMs)*time.Millisecond + 30*time.Second
	}
	time.AfterFunc(deadline, func() {
		fmt.Fprintf(os.Stderr, "loadgen %s: not done after %v\n", os.Args[1], deadline)
		os.Exit(3)
	})
	if err := commands[os.Args[1]](options); err != nil {
		fmt.Fprintf(os.Stderr, "loadgen %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
