// SPDX-License-Identifier: Apache-2.0

// The Go client as a testee: producer and push consumer of an unmodified rocketmq-client-go v2.
// Prints each message as msgId,queueId,body; "-" is a queue that the client does not learn.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"github.com/apache/rocketmq-client-go/v2"
	"github.com/apache/rocketmq-client-go/v2/consumer"
	"github.com/apache/rocketmq-client-go/v2/primitive"
	"github.com/apache/rocketmq-client-go/v2/producer"
	"github.com/apache/rocketmq-client-go/v2/rlog"
)

// Above the client's threshold of 4 KiB.
const compressedBodyBytes = 8192

func main() {
	rlog.SetLogLevel("warn")
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 4 && args[0] == "consume":
		err = consume(args[1], args[2], args[3])
	case len(args) >= 5 && len(args)%2 == 1 && args[0] == "produce":
		err = produce(args[1], args[2], args[3:])
	default:
		err = fmt.Errorf("usage: testee consume NAMESRV GROUP TOPIC | produce NAMESRV TOPIC KIND COUNT [KIND COUNT]...")
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// consume prints what arrives until SIGTERM, then shuts the consumer down.
func consume(namesrv, group, topic string) error {
	c, err := rocketmq.NewPushConsumer(
		consumer.WithGroupName(group),
		consumer.WithNsResolver(primitive.NewPassthroughResolver([]string{namesrv})),
		consumer.WithConsumeFromWhere(consumer.ConsumeFromFirstOffset))
	if err != nil {
		return err
	}
	err = c.Subscribe(topic, consumer.MessageSelector{},
		func(_ context.Context, msgs ...*primitive.MessageExt) (consumer.ConsumeResult, error) {
			for _, m := range msgs {
				fmt.Printf("%s,%d,%s\n", m.MsgId, m.Queue.QueueId, m.Body)
			}
			return consumer.ConsumeSuccess, nil
		})
	if err != nil {
		return err
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	if err := c.Start(); err != nil {
		return err
	}
	<-stop
	return c.Shutdown()
}

// produce sends COUNT messages of each KIND: sync, async, oneway, batch (one batch), compressed.
func produce(namesrv, topic string, kinds []string) error {
	p, err := rocketmq.NewProducer(
		producer.WithGroupName("TESTEE_PRODUCER"),
		producer.WithNsResolver(primitive.NewPassthroughResolver([]string{namesrv})))
	if err != nil {
		return err
	}
	if err := p.Start(); err != nil {
		return err
	}
	for i := 0; i < len(kinds); i += 2 {
		count, err := strconv.Atoi(kinds[i+1])
		if err != nil {
			return err
		}
		if err := send(p, messages(topic, kinds[i], count), kinds[i]); err != nil {
			return fmt.Errorf("%s: %w", kinds[i], err)
		}
	}
	return p.Shutdown()
}

func messages(topic, kind string, count int) []*primitive.Message {
	var all []*primitive.Message
	for i := 0; i < count; i++ {
		body := fmt.Sprintf("%s-%d", kind, i)
		for kind == "compressed" && len(body) < compressedBodyBytes {
			body += fmt.Sprintf(" again %d", i)
		}
		m := primitive.NewMessage(topic, []byte(body))
		m.WithTag("TagA").WithKeys([]string{fmt.Sprintf("%s-key-%d", kind, i)})
		all = append(all, m)
	}
	return all
}

func send(p rocketmq.Producer, all []*primitive.Message, kind string) error {
	ctx := context.Background()
	switch kind {
	case "async":
		return sendAsync(p, all)
	case "batch":
		result, err := p.SendSync(ctx, all...)
		if err != nil {
			return err
		}
		// The client gives the messages of a batch no id of its own; theirs are the broker's.
		ids := strings.Split(result.OffsetMsgID, ",")
		if len(ids) != len(all) {
			return fmt.Errorf("%d ids for %d messages: %s", len(ids), len(all), result.OffsetMsgID)
		}
		for i, m := range all {
			show(ids[i], m, result)
		}
	case "oneway":
		for _, m := range all {
			if err := p.SendOneWay(ctx, m); err != nil {
				return err
			}
			show(uniqueID(m), m, nil)
		}
	default:
		for _, m := range all {
			result, err := p.SendSync(ctx, m)
			if err != nil {
				return err
			}
			show(uniqueID(m), m, result)
		}
	}
	return nil
}

func sendAsync(p rocketmq.Producer, all []*primitive.Message) error {
	var sent sync.WaitGroup
	var failed sync.Map
	for _, m := range all {
		m := m
		sent.Add(1)
		err := p.SendAsync(context.Background(), func(_ context.Context, result *primitive.SendResult, err error) {
			defer sent.Done()
			if err != nil {
				failed.Store(m, err)
				return
			}
			show(uniqueID(m), m, result)
		}, m)
		if err != nil {
			return err
		}
	}
	sent.Wait()
	var errs []string
	failed.Range(func(_, err interface{}) bool {
		errs = append(errs, err.(error).Error())
		return true
	})
	if len(errs) > 0 {
		return fmt.Errorf("%s", strings.Join(errs, "; "))
	}
	return nil
}

func uniqueID(m *primitive.Message) string {
	return m.GetProperty(primitive.PropertyUniqueClientMessageIdKeyIndex)
}

func show(id string, m *primitive.Message, result *primitive.SendResult) {
	queue := "-"
	if result != nil {
		queue = strconv.Itoa(result.MessageQueue.QueueId)
	}
	fmt.Printf("%s,%s,%s\n", id, queue, m.Body)
}
