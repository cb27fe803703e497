package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	rocketmq "github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/admin"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
)

// Run is one scenario's access to the cluster: names of its own, clients that are shut down at its end.
type Run struct {
	ctx        context.Context
	request    request
	checkpoint func(name string) error

	lock    sync.Mutex
	closers []func() error
}

// instances numbers the clients of this process; the library joins clients of one instance name.
var instances atomic.Int64

func (r *Run) name(kind string) string {
	return fmt.Sprintf("go-%s-%s-%s", r.request.Scenario, kind, r.request.Suffix)
}

func (r *Run) instance() string {
	return fmt.Sprintf("%s-%d", r.request.Suffix, instances.Add(1))
}

func (r *Run) onClose(closer func() error) {
	r.lock.Lock()
	defer r.lock.Unlock()
	r.closers = append(r.closers, closer)
}

// closeAll shuts down what the scenario started, the last first. Its errors would hide the scenario's own.
func (r *Run) closeAll() {
	r.lock.Lock()
	closers := r.closers
	r.closers = nil
	r.lock.Unlock()
	for index := len(closers) - 1; index >= 0; index-- {
		_ = closers[index]()
	}
}

// eventually asks until the condition holds; its error says why it does not hold yet.
func (r *Run) eventually(what string, condition func() error) error {
	for {
		err := condition()
		if err == nil {
			return nil
		}
		select {
		case <-r.ctx.Done():
			return fmt.Errorf("%s: %w; last: %v", what, r.ctx.Err(), err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (r *Run) producer(options ...producer.Option) (rocketmq.Producer, error) {
	all := append([]producer.Option{
		producer.WithNameServer(r.request.NameServers),
		producer.WithGroupName(r.name("producers")),
		producer.WithInstanceName(r.instance()),
		producer.WithQueueSelector(producer.NewManualQueueSelector()),
		producer.WithRetry(0),
		producer.WithSendMsgTimeout(time.Minute),
	}, options...)
	p, err := rocketmq.NewProducer(all...)
	if err != nil {
		return nil, err
	}
	if err := p.Start(); err != nil {
		return nil, fmt.Errorf("starting a producer: %w", err)
	}
	r.onClose(p.Shutdown)
	return p, nil
}

type handler = func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error)

func byTags(tags string) consumer.MessageSelector {
	return consumer.MessageSelector{Type: consumer.TAG, Expression: tags}
}

func bySQL(expression string) consumer.MessageSelector {
	return consumer.MessageSelector{Type: consumer.SQL92, Expression: expression}
}

// push starts a push consumer that reads from the first message on unless the options say otherwise.
func (r *Run) push(group, topic, tags string, handle handler, options ...consumer.Option) (rocketmq.PushConsumer, error) {
	return r.pushSelected(group, topic, byTags(tags), handle, options...)
}

// pushSelected does the same for messages that any selector selects.
func (r *Run) pushSelected(group, topic string, selector consumer.MessageSelector, handle handler, options ...consumer.Option) (rocketmq.PushConsumer, error) {
	all := append([]consumer.Option{
		consumer.WithNameServer(r.request.NameServers),
		consumer.WithGroupName(group),
		consumer.WithInstance(r.instance()),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	}, options...)
	c, err := rocketmq.NewPushConsumer(all...)
	if err != nil {
		return nil, err
	}
	if err := c.Subscribe(topic, selector, handle); err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("starting a push consumer: %w", err)
	}
	r.onClose(c.Shutdown)
	return c, nil
}

func (r *Run) pull(group, topic, tags string) (rocketmq.PullConsumer, error) {
	c, err := rocketmq.NewPullConsumer(
		consumer.WithNameServer(r.request.NameServers),
		consumer.WithGroupName(group),
		consumer.WithInstance(r.instance()),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset),
	)
	if err != nil {
		return nil, err
	}
	if err := c.Subscribe(topic, byTags(tags)); err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("starting a pull consumer: %w", err)
	}
	r.onClose(c.Shutdown)
	return c, nil
}

// primeGroup lets a consumer of the group come and go, so that the group's retry topic has a route when the scenario's
// consumer starts. Otherwise the client finds that route at its next look, up to 30 s later.
func (r *Run) primeGroup(group, topic string) error {
	a, err := r.admin()
	if err != nil {
		return err
	}
	// On a loaded machine the one heartbeat that creates the retry topic can be lost: then the consumer comes again.
	return r.eventually("the retry topic of "+group, func() error {
		c, err := r.push(group, topic, "*", func(context.Context, ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
			return consumer.ConsumeSuccess, nil
		})
		if err != nil {
			return err
		}
		if err := c.Shutdown(); err != nil {
			return err
		}
		_, err = a.FetchPublishMessageQueues(r.ctx, "%RETRY%"+group)
		return err
	})
}

// topicAdmin is the part of the library's admin client that it exports no name for.
type topicAdmin interface {
	CreateTopic(ctx context.Context, options ...admin.OptionCreate) error
	DeleteTopic(ctx context.Context, options ...admin.OptionDelete) error
	FetchAllTopicList(ctx context.Context) (*admin.TopicList, error)
	FetchPublishMessageQueues(ctx context.Context, topic string) ([]*primitive.MessageQueue, error)
	GetAllSubscriptionGroup(ctx context.Context, broker string, timeout time.Duration) (*admin.SubscriptionGroupWrapper, error)
	Close() error
}

func (r *Run) admin() (topicAdmin, error) {
	a, err := admin.NewAdmin(admin.WithResolver(primitive.NewPassthroughResolver(r.request.NameServers)))
	if err != nil {
		return nil, err
	}
	r.onClose(a.Close)
	return a, nil
}

// topic creates the scenario's topic with that many queues on each broker and waits until they have a route.
func (r *Run) topic(queues int) (string, []*primitive.MessageQueue, error) {
	topic := r.name("topic")
	a, err := r.admin()
	if err != nil {
		return "", nil, err
	}
	for _, broker := range r.request.Brokers {
		err := a.CreateTopic(r.ctx, admin.WithTopicCreate(topic), admin.WithBrokerAddrCreate(broker),
			admin.WithReadQueueNums(queues), admin.WithWriteQueueNums(queues))
		if err != nil {
			return "", nil, fmt.Errorf("creating %s on %s: %w", topic, broker, err)
		}
	}
	routed, err := r.route(topic, queues*len(r.request.Brokers))
	return topic, routed, err
}

// route waits until the name servers list that many queues of the topic.
func (r *Run) route(topic string, queues int) ([]*primitive.MessageQueue, error) {
	a, err := r.admin()
	if err != nil {
		return nil, err
	}
	var routed []*primitive.MessageQueue
	err = r.eventually("the route of "+topic, func() error {
		found, err := a.FetchPublishMessageQueues(r.ctx, topic)
		if err != nil {
			return err
		}
		if len(found) != queues {
			return fmt.Errorf("%d queues instead of %d", len(found), queues)
		}
		routed = found
		return nil
	})
	return routed, err
}
