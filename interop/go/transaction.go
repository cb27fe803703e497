package main

import (
	"fmt"
	"strconv"
	"sync"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// decisions tells how transactions end, by the number in the message's properties.
type decisions struct {
	lock  sync.Mutex
	asked map[int]int
}

// numberOf gives the number of a content; one that is missing decides nothing.
func numberOf(m *primitive.Message) int {
	number, err := strconv.Atoi(m.GetProperty("number"))
	if err != nil {
		return -1
	}
	return number
}

// ExecuteLocalTransaction commits, rolls back, or leaves two of four to the check.
func (d *decisions) ExecuteLocalTransaction(m *primitive.Message) primitive.LocalTransactionState {
	switch numberOf(m) % 4 {
	case 0:
		return primitive.CommitMessageState
	case 1:
		return primitive.RollbackMessageState
	default:
		return primitive.UnknowState
	}
}

// CheckLocalTransaction commits one of the two and rolls the other one back.
func (d *decisions) CheckLocalTransaction(m *primitive.MessageExt) primitive.LocalTransactionState {
	number := numberOf(&m.Message)
	d.lock.Lock()
	d.asked[number]++
	d.lock.Unlock()
	if number%4 == 2 {
		return primitive.CommitMessageState
	}
	return primitive.RollbackMessageState
}

func transactions(r *Run) (string, error) {
	topic, _, err := r.topic(4)
	if err != nil {
		return "", err
	}
	d := &decisions{asked: map[int]int{}}
	p, err := rocketmq.NewTransactionProducer(d,
		producer.WithNameServer(r.request.NameServers),
		producer.WithGroupName(r.name("producers")),
		producer.WithInstanceName(r.instance()),
	)
	if err != nil {
		return "", err
	}
	if err := p.Start(); err != nil {
		return "", err
	}
	r.onClose(p.Shutdown)
	contents := newContents(0, 24)
	var committed []content
	for number, c := range contents {
		if _, err := p.SendMessageInTransaction(r.ctx, c.message(topic, nil)); err != nil {
			return "", fmt.Errorf("sending %s: %w", c.key, err)
		}
		if number%2 == 0 {
			committed = append(committed, c)
		}
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	if _, err := r.receive(committed, box); err != nil {
		return "", err
	}
	// What is delivered twice comes within the next checks.
	time.Sleep(6 * time.Second)
	if _, err := r.receive(committed, box); err != nil {
		return "", err
	}
	d.lock.Lock()
	defer d.lock.Unlock()
	for number := range contents {
		isAsked := d.asked[number] > 0
		if isAsked != (number%4 >= 2) {
			return "", fmt.Errorf("%s was asked about %d times", contents[number].key, d.asked[number])
		}
	}
	return "12 of 24 transactions committed", nil
}
