package main

import (
	"fmt"
	"time"
)

// runFirst tries to send a message, again and again within -measure, until a broker that is being started accepts it, and
// reports when that was.
func runFirst(options Options) error {
	deadline := time.Now().Add(time.Duration(options.measureMs) * time.Millisecond)
	sender := newSender(options.topicNames(), options.queues, options.size, 1, false, 0)
	last := error(nil)
	for time.Now().Before(deadline) {
		if last = tryOnce(options.addresses[0], sender, deadline); last == nil {
			printJSON(map[string]any{"acceptedAtUnixMs": float64(time.Now().UnixMicro()) / 1000})
			return nil
		}
		time.Sleep(2 * time.Millisecond)
	}
	return fmt.Errorf("no message accepted, last: %v", last)
}

func tryOnce(address string, sender *Sender, deadline time.Time) error {
	c, err := dial(address, 16<<10)
	if err != nil {
		return err
	}
	defer c.close()
	answerBy := time.Now().Add(5 * time.Second)
	if answerBy.After(deadline) {
		answerBy = deadline
	}
	c.socket.SetDeadline(answerBy)
	var response Response
	if _, err := c.call(sender.append(nil, 0, -1, time.Now().UnixMilli()), &response); err != nil {
		return err
	}
	if response.code != 0 {
		return fmt.Errorf("code %d: %s", response.code, response.remark)
	}
	return nil
}
