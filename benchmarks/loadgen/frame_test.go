package main

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"testing"
)

type header struct {
	Code      int
	Opaque    int
	Flag      int
	ExtFields map[string]string
}

func headerOf(t *testing.T, frame []byte) (header, []byte) {
	t.Helper()
	if int(binary.BigEndian.Uint32(frame)) != len(frame)-4 {
		t.Fatalf("length %d of a frame of %d bytes", binary.BigEndian.Uint32(frame), len(frame))
	}
	length := int(binary.BigEndian.Uint32(frame[4:]))
	var parsed header
	if err := json.Unmarshal(frame[8:8+length], &parsed); err != nil {
		t.Fatalf("%v: %s", err, frame[8:8+length])
	}
	return parsed, frame[8+length:]
}

func TestSendRequestsAreWellFormed(t *testing.T) {
	sender := newSender([]string{"A", "B"}, 4, 16, 1, false, 0)
	first, body := headerOf(t, sender.append(nil, 7, 99, 1234))
	if first.Code != codeSend || first.Opaque != 7 || first.ExtFields["b"] != "A" || first.ExtFields["g"] != "1234" {
		t.Fatalf("%+v", first)
	}
	if len(body) != 16 || binary.BigEndian.Uint64(body) != 99 {
		t.Fatalf("body %x", body)
	}
	second, _ := headerOf(t, sender.append(nil, 8, -1, 1234))
	if second.ExtFields["b"] != "B" || second.ExtFields["e"] != "0" || second.ExtFields["i"] == first.ExtFields["i"] {
		t.Fatalf("%+v after %+v", second, first)
	}
}

func TestEveryQueueOfEveryTopicHasItsTurn(t *testing.T) {
	sender := newSender([]string{"A", "B"}, 4, 16, 1, false, 0)
	places := map[string]int{}
	for count := 0; count < 16; count++ {
		request, _ := headerOf(t, sender.append(nil, 0, -1, 0))
		places[request.ExtFields["b"]+request.ExtFields["e"]]++
	}
	if len(places) != 8 || places["A0"] != 2 || places["B3"] != 2 {
		t.Fatalf("%v", places)
	}
}

func TestConsumersWaitWhereMessagesGo(t *testing.T) {
	options := Options{topic: "T", topics: 3, queues: 2}
	sender := newSender(options.topicNames(), options.queues, 16, 1, false, 0)
	for consumer := 0; consumer < 6; consumer++ {
		request, _ := headerOf(t, sender.append(nil, 0, -1, 0))
		topic, queue := options.queueOf(consumer)
		if request.ExtFields["b"] != topic || request.ExtFields["e"] != strconv.Itoa(queue) {
			t.Fatalf("consumer %d waits at %s/%d, message %v", consumer, topic, queue, request.ExtFields)
		}
	}
}

func TestBatchesHoldWholeMessages(t *testing.T) {
	sender := newSender([]string{"A"}, 4, 16, 3, false, 0)
	parsed, body := headerOf(t, sender.append(nil, 0, -1, 1))
	if parsed.Code != codeSendBatch || parsed.ExtFields["m"] != "true" {
		t.Fatalf("%+v", parsed)
	}
	count := 0
	for ; len(body) > 0; count++ {
		size := int(binary.BigEndian.Uint32(body))
		properties := int(binary.BigEndian.Uint16(body[20+16:]))
		if 20+16+2+properties != size || body[size-1] != 2 {
			t.Fatalf("part %d: size %d, properties %d: %q", count, size, properties, body[:size])
		}
		body = body[size:]
	}
	if count != 3 {
		t.Fatalf("%d messages", count)
	}
}

func TestBatchesMayHoldAPropertyInTurn(t *testing.T) {
	sender := newSender([]string{"A"}, 4, 16, 3, false, 0)
	sender.inTurn = true
	_, body := headerOf(t, sender.append(nil, 0, -1, 1))
	for count := byte(0); count < 3; count++ {
		size := int(binary.BigEndian.Uint32(body))
		if string(body[size-4:size]) != "n\x01"+string('0'+rune(count))+"\x02" {
			t.Fatalf("part %d: %q", count, body[:size])
		}
		body = body[size:]
	}
	pull, _ := headerOf(t, newPuller("g", "T", 3, 32, 0, "n = 7").append(nil, 0, 0))
	if pull.ExtFields["subscription"] != "n = 7" || pull.ExtFields["expressionType"] != "SQL92" {
		t.Fatalf("%+v", pull)
	}
}

func TestPullAndOneWayRequestsAreWellFormed(t *testing.T) {
	pull, _ := headerOf(t, newPuller("g", "T", 3, 32, 15000, "").append([]byte{}, 5, 77))
	if pull.Code != codePull || pull.ExtFields["queueOffset"] != "77" || pull.ExtFields["sysFlag"] != "6" || pull.Opaque != 5 {
		t.Fatalf("%+v", pull)
	}
	oneWay, _ := headerOf(t, newSender([]string{"A"}, 1, 8, 1, true, 0).append(nil, 0, -1, 1))
	if oneWay.Flag != flagOneWay {
		t.Fatalf("%+v", oneWay)
	}
}
