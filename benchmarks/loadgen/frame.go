package main

import (
	"encoding/binary"
	"encoding/json"
	"strconv"
	"time"
)

// Request codes of the remoting protocol.
const (
	codePull         = 11
	codeCreateTopic  = 17
	codeGetMaxOffset = 30
	codeHeartbeat    = 34
	codeSend         = 310
	codeSendBatch    = 320
)

const (
	flagOneWay  = 2
	headerTail  = `,"serializeTypeCurrentRPC":"JSON","version":513}`
	frameStart  = 8
	permissions = "6"
)

// simpleFrame is a request that is sent rarely, so that it may be made the slow way.
func simpleFrame(code int, opaque int, fields map[string]string, body []byte) []byte {
	header, err := json.Marshal(map[string]any{
		"code": code, "language": "JAVA", "version": 513, "opaque": opaque, "flag": 0,
		"extFields": fields, "serializeTypeCurrentRPC": "JSON",
	})
	if err != nil {
		panic(err) // maps of strings can always be written
	}
	frame := make([]byte, frameStart, frameStart+len(header)+len(body))
	frame = append(append(frame, header...), body...)
	return sealFrame(frame, 0, len(header))
}

// sealFrame writes the two lengths at the start of the frame that begins at `begin` and ends with the buffer.
func sealFrame(buffer []byte, begin, headerLength int) []byte {
	binary.BigEndian.PutUint32(buffer[begin:], uint32(len(buffer)-begin-4))
	binary.BigEndian.PutUint32(buffer[begin+4:], uint32(headerLength))
	return buffer
}

// Sender writes send requests from parts that are made once: a request costs a few copies of bytes.
type Sender struct {
	topics [][]byte
	queues int
	oneWay bool
	batch  int
	// inTurn gives messages of batches a property n, 0 to 9 in turn, for filters to ask about.
	inTurn   bool
	body     []byte
	opening  []byte
	settings []byte
	unique   [16]byte
	sequence uint64
	// numbered gives each message the id of its producer and a number, by which it is stored once.
	numbered bool
	// Messages have priorities from 0 to below it in turn.
	priorities int
	// Milliseconds; 0 for messages that are delivered at once.
	delayMs int64
	// Lite topics and keys that messages have in turn; 0 for none.
	lite, keys int
}

// newSender prepares requests as the official Java producer writes them (compact header, JSON).
// source tells the unique ids of several senders apart.
func newSender(topics []string, queues, size, batch int, oneWay bool, source uint16) *Sender {
	s := &Sender{queues: queues, oneWay: oneWay, batch: batch, body: make([]byte, size)}
	for index := range s.body {
		s.body[index] = 'a' + byte(index%26)
	}
	for _, topic := range topics {
		s.topics = append(s.topics, []byte(topic))
	}
	code := codeSend
	if batch > 1 {
		code = codeSendBatch
	}
	s.opening = []byte(`{"code":` + strconv.Itoa(code) + `,"extFields":{"a":"loadgen","b":"`)
	s.settings = []byte(`","c":"TBW102","d":"4","e":"`)
	putHex(s.unique[:8], uint64(time.Now().Unix()))
	putHex(s.unique[8:12], uint64(source))
	putHex(s.unique[12:], uint64(time.Now().UnixNano()))
	s.sequence = uint64(source) * 7919
	return s
}

// optioned has messages be as the options of a load want them.
func (s *Sender) optioned(options Options) *Sender {
	s.numbered, s.priorities = options.numbered, options.priorities
	s.delayMs, s.lite, s.keys = options.delayMs, options.lite, options.keys
	if s.lite > 0 {
		// Each slice of a row goes on with others of very many.
		s.sequence += uint64(time.Now().UnixMilli())
	}
	return s
}

// append writes the next request. stamp >= 0 is put into the first 8 bytes of each body.
func (s *Sender) append(buffer []byte, opaque int, stamp int64, wallMs int64) []byte {
	sequence := s.sequence
	s.sequence++
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, s.opening...)
	buffer = append(buffer, s.topics[sequence%uint64(len(s.topics))]...)
	buffer = append(buffer, s.settings...)
	// Every queue of every topic has its turn.
	buffer = strconv.AppendUint(buffer, sequence/uint64(len(s.topics))%uint64(s.queues), 10)
	buffer = append(buffer, `","f":"0","g":"`...)
	buffer = strconv.AppendInt(buffer, wallMs, 10)
	if s.batch > 1 {
		buffer = append(buffer, `","h":"0","i":"WAIT\u0001true\u0002","j":"0","k":"false","m":"true"},"flag":`...)
	} else {
		buffer = append(buffer, `","h":"0","i":"UNIQ_KEY\u0001`...)
		buffer = s.appendUniqueID(buffer, sequence)
		if s.numbered {
			buffer = append(append(buffer, `\u0002__PRODUCER_ID\u0001`...), s.unique[:]...)
			buffer = strconv.AppendUint(append(buffer, `\u0002__PRODUCER_SEQUENCE\u0001`...), sequence, 10)
		}
		if s.priorities > 0 {
			buffer = append(buffer, `\u0002_SYS_MSG_PRIORITY_\u0001`...)
			buffer = strconv.AppendUint(buffer, sequence%uint64(s.priorities), 10)
		}
		if s.delayMs > 0 {
			buffer = append(buffer, `\u0002TIMER_DELIVER_MS\u0001`...)
			buffer = strconv.AppendInt(buffer, wallMs+s.delayMs, 10)
		}
		if s.lite > 0 {
			buffer = append(buffer, `\u0002__LITE_TOPIC\u0001`+liteTopicPrefix...)
			buffer = strconv.AppendUint(buffer, sequence%uint64(s.lite), 10)
		}
		if s.keys > 0 {
			buffer = append(buffer, `\u0002KEYS\u0001key-`...)
			buffer = strconv.AppendUint(buffer, sequence%uint64(s.keys), 10)
		}
		buffer = append(buffer, `\u0002WAIT\u0001true\u0002","j":"0","k":"false","m":"false"},"flag":`...)
	}
	if s.oneWay {
		buffer = append(buffer, '0'+flagOneWay)
	} else {
		buffer = append(buffer, '0')
	}
	buffer = append(buffer, `,"language":"JAVA","opaque":`...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	headerLength := len(buffer) - begin - frameStart
	if s.batch > 1 {
		for part := 0; part < s.batch; part++ {
			buffer = s.appendBatchPart(buffer, sequence*uint64(s.batch)+uint64(part), stamp)
		}
	} else {
		buffer = s.appendBody(buffer, stamp)
	}
	return sealFrame(buffer, begin, headerLength)
}

func (s *Sender) appendUniqueID(buffer []byte, sequence uint64) []byte {
	buffer = append(buffer, s.unique[:]...)
	at := len(buffer)
	buffer = append(buffer, "0000000000000000"...)
	putHex(buffer[at:], sequence)
	return buffer
}

func (s *Sender) appendBody(buffer []byte, stamp int64) []byte {
	at := len(buffer)
	buffer = append(buffer, s.body...)
	if stamp >= 0 {
		binary.BigEndian.PutUint64(buffer[at:], uint64(stamp))
	}
	return buffer
}

// appendBatchPart writes one message of a batch: length, magic 0, checksum 0, flag 0, body length, body, properties
// length, properties.
func (s *Sender) appendBatchPart(buffer []byte, sequence uint64, stamp int64) []byte {
	properties := 9 + 32 + 1 + 10
	if s.inTurn {
		properties += 4
	}
	total := 20 + len(s.body) + 2 + properties
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(total))
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = binary.BigEndian.AppendUint32(buffer, uint32(len(s.body)))
	buffer = s.appendBody(buffer, stamp)
	buffer = binary.BigEndian.AppendUint16(buffer, uint16(properties))
	buffer = append(buffer, "UNIQ_KEY\x01"...)
	buffer = s.appendUniqueID(buffer, sequence)
	buffer = append(buffer, "\x02WAIT\x01true\x02"...)
	if s.inTurn {
		buffer = append(buffer, 'n', 1, '0'+byte(sequence%10), 2)
	}
	return buffer
}

// putHex fills the digits from the right; what does not fit is left away.
func putHex(digits []byte, value uint64) {
	for index := len(digits) - 1; index >= 0; index-- {
		digits[index] = "0123456789ABCDEF"[value&15]
		value >>= 4
	}
}

// Puller writes pull requests of one queue.
type Puller struct {
	beforeOffset []byte
	afterOffset  []byte
}

// newPuller prepares requests that carry the subscription; suspendMs > 0 asks the broker to hold them. Without an SQL92
// expression they are for all messages.
func newPuller(group, topic string, queue, max int, suspendMs int, sql string) *Puller {
	flags := 4
	subscription, kind := `"*"`, "TAG"
	if sql != "" {
		subscription, kind = strconv.Quote(sql), "SQL92"
	}
	if suspendMs > 0 {
		flags |= 2
	}
	return &Puller{
		beforeOffset: []byte(`{"code":11,"extFields":{"consumerGroup":"` + group + `","topic":"` + topic +
			`","queueId":"` + strconv.Itoa(queue) + `","maxMsgNums":"` + strconv.Itoa(max) + `","sysFlag":"` +
			strconv.Itoa(flags) + `","commitOffset":"0","suspendTimeoutMillis":"` + strconv.Itoa(suspendMs) +
			`","subscription":` + subscription + `,"subVersion":"0","expressionType":"` + kind + `","queueOffset":"`),
		afterOffset: []byte(`"},"flag":0,"language":"JAVA","opaque":`),
	}
}

func (p *Puller) append(buffer []byte, opaque int, offset int64) []byte {
	begin := len(buffer)
	buffer = append(buffer, 0, 0, 0, 0, 0, 0, 0, 0)
	buffer = append(buffer, p.beforeOffset...)
	buffer = strconv.AppendInt(buffer, offset, 10)
	buffer = append(buffer, p.afterOffset...)
	buffer = strconv.AppendInt(buffer, int64(opaque), 10)
	buffer = append(buffer, headerTail...)
	return sealFrame(buffer, begin, len(buffer)-begin-frameStart)
}

func heartbeatFrame(opaque int, client, group string) []byte {
	body, err := json.Marshal(map[string]any{
		"clientID": client, "heartbeatFingerprint": 0, "withoutSub": false, "producerDataSet": []any{},
		"consumerDataSet": []any{map[string]any{
			"groupName": group, "consumeType": "CONSUME_ACTIVELY", "messageModel": "CLUSTERING",
			"consumeFromWhere": "CONSUME_FROM_FIRST_OFFSET", "subscriptionDataSet": []any{}, "unitMode": false,
		}},
	})
	if err != nil {
		panic(err) // maps of strings can always be written
	}
	return simpleFrame(codeHeartbeat, opaque, map[string]string{}, body)
}
