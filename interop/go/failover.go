package main

import (
	"fmt"
	"sync"
	"time"

	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// brokerKilled sends and consumes all the time while one of the brokers is killed and started again.
// Every acknowledged message must arrive, and messages must go on to be acknowledged while the broker is away.
func brokerKilled(r *Run) (string, error) {
	topic, _, err := r.topic(4)
	if err != nil {
		return "", err
	}
	p, err := r.producer(producer.WithQueueSelector(producer.NewRoundRobinQueueSelector()), producer.WithRetry(2), producer.WithSendMsgTimeout(2*time.Second))
	if err != nil {
		return "", err
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	var lock sync.Mutex
	acknowledged := map[string]content{}
	byBroker := map[string]int{}
	attempts, failures := 0, 0
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for number := 0; ; number++ {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
			}
			c := newContent(number, "TagA")
			result, err := p.SendSync(r.ctx, c.message(topic, nil))
			lock.Lock()
			attempts++
			if err != nil || result.Status != primitive.SendOK {
				failures++
			} else {
				acknowledged[c.key] = c
				byBroker[result.MessageQueue.BrokerName]++
			}
			lock.Unlock()
		}
	}()
	sentTo := func(brokers int, more int) error {
		lock.Lock()
		start := map[string]int{}
		for broker, count := range byBroker {
			start[broker] = count
		}
		lock.Unlock()
		return r.eventually(fmt.Sprintf("%d acknowledged messages from %d brokers each", more, brokers), func() error {
			lock.Lock()
			defer lock.Unlock()
			reached := 0
			for broker, count := range byBroker {
				if count-start[broker] >= more {
					reached++
				}
			}
			if reached < brokers {
				return fmt.Errorf("%v, at the beginning %v; %d of %d sends failed", byBroker, start, failures, attempts)
			}
			return nil
		})
	}
	steps := func() error {
		if err := sentTo(3, 20); err != nil {
			return fmt.Errorf("before: %w", err)
		}
		if err := r.checkpoint("kill-broker"); err != nil {
			return err
		}
		if err := sentTo(2, 50); err != nil {
			return fmt.Errorf("while a broker is away: %w", err)
		}
		if err := r.checkpoint("start-broker"); err != nil {
			return err
		}
		if err := sentTo(3, 20); err != nil {
			return fmt.Errorf("after: %w", err)
		}
		return nil
	}
	err = steps()
	close(stop)
	<-stopped
	if err != nil {
		return "", err
	}
	var doubled int
	err = r.eventually("every acknowledged message", func() error {
		got := map[string]int{}
		for _, m := range box.all() {
			got[m.GetKeys()]++
		}
		missing := 0
		doubled = 0
		for key := range acknowledged {
			if got[key] == 0 {
				missing++
			} else {
				doubled += got[key] - 1
			}
		}
		if missing > 0 {
			return fmt.Errorf("%d of %d acknowledged messages are missing", missing, len(acknowledged))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	for _, m := range box.all() {
		if c, known := acknowledged[m.GetKeys()]; known {
			if err := c.verify(m); err != nil {
				return "", err
			}
		}
	}
	return fmt.Sprintf("%d acknowledged %v, %d sends failed, %d came more than once", len(acknowledged), byBroker, failures, doubled), nil
}

// nameServerKilled has the first of two name servers killed: clients at work go on, and new clients find their routes.
func nameServerKilled(r *Run) (string, error) {
	topic, queues, err := r.topic(2)
	if err != nil {
		return "", err
	}
	p, err := r.producer()
	if err != nil {
		return "", err
	}
	box := &inbox{}
	if _, err := r.push(r.name("group"), topic, "*", box.accept); err != nil {
		return "", err
	}
	if _, err := r.sendAll(p, topic, queues, newContents(0, 10)); err != nil {
		return "", err
	}
	if _, err := r.receive(newContents(0, 10), box); err != nil {
		return "", fmt.Errorf("before: %w", err)
	}
	if err := r.checkpoint("kill-name-server"); err != nil {
		return "", err
	}
	if _, err := r.sendAll(p, topic, queues, newContents(10, 20)); err != nil {
		return "", err
	}
	if _, err := r.receive(newContents(0, 20), box); err != nil {
		return "", fmt.Errorf("clients at work: %w", err)
	}
	fresh, err := r.producer()
	if err != nil {
		return "", err
	}
	if _, err := r.sendAll(fresh, topic, queues, newContents(20, 30)); err != nil {
		return "", fmt.Errorf("a new producer: %w", err)
	}
	late := &inbox{}
	if _, err := r.push(r.name("late"), topic, "*", late.accept); err != nil {
		return "", fmt.Errorf("a new consumer: %w", err)
	}
	if _, err := r.receive(newContents(0, 30), late); err != nil {
		return "", fmt.Errorf("a new consumer: %w", err)
	}
	return "clients at work and new ones", nil
}
