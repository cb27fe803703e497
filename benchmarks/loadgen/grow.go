package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"time"
)

const (
	segmentBytes     = 1 << 30
	queueFileUnits   = 300_000
	unitBytes        = 20
	grownMessage     = 300
	messagesASegment = (segmentBytes - 8) / grownMessage
	recordMagic      = 0xDAA320A7
	blankMagic       = 0xCBD43194
	// grownHours is the time over which the store claims to have grown.
	grownHours = 1
)

// Grown is a store as an hour of traffic leaves it, as far as a broker looks at it when it starts: complete consume
// queues, and a commit log whose files hold their first message and then nothing. What lies between is not there (the
// files are sparse), so its messages cannot be read.
type Grown struct {
	folder   string
	topic    string
	queues   int64
	messages int64
	fromMs   int64
}

// runGrow writes such a store into -folder: at least -count messages over the -queues of -topic. It needs 20 bytes of disk
// a message.
func runGrow(options Options) error {
	if options.folder == "" || options.count < 1 {
		return errors.New("grow needs a -folder and a -count")
	}
	segments := (options.count + messagesASegment - 1) / messagesASegment
	grown := Grown{
		folder: options.folder, topic: options.topic, queues: int64(options.queues),
		messages: segments*messagesASegment + 1,
		fromMs:   time.Now().Add(-grownHours * time.Hour).UnixMilli(),
	}
	for segment := int64(0); segment <= segments; segment++ {
		if err := grown.writeSegment(segment, segment == segments); err != nil {
			return err
		}
	}
	for queue := int64(0); queue < grown.queues; queue++ {
		if err := grown.writeQueue(queue); err != nil {
			return err
		}
	}
	if err := grown.writeCheckpoint(); err != nil {
		return err
	}
	printJSON(map[string]any{"messages": grown.messages, "queues": grown.queues, "logBytes": segments * segmentBytes})
	return nil
}

func (g *Grown) storedMs(message int64) int64 {
	return g.fromMs + int64(float64(message)/float64(g.messages)*grownHours*3_600_000)
}

// record is the message in the commit log's layout (version 1, IPv4 hosts).
func (g *Grown) record(message int64) []byte {
	body := []byte(strings.Repeat("g", 128))
	properties := fmt.Sprintf("UNIQ_KEY\x01%032X\x02WAIT\x01true\x02", message)
	bytes := make([]byte, 88, grownMessage)
	order := binary.BigEndian
	order.PutUint32(bytes[4:], recordMagic)
	order.PutUint32(bytes[8:], crc32.ChecksumIEEE(body)&0x7fffffff)
	order.PutUint32(bytes[12:], uint32(message%g.queues))
	order.PutUint64(bytes[20:], uint64(message/g.queues))
	order.PutUint64(bytes[28:], uint64(positionOf(message)))
	order.PutUint64(bytes[40:], uint64(g.storedMs(message)))
	copy(bytes[48:], []byte{127, 0, 0, 1, 0, 0, 0x80, 0})
	order.PutUint64(bytes[56:], uint64(g.storedMs(message)))
	copy(bytes[64:], []byte{127, 0, 0, 1, 0, 0, 0x2A, 0x9F})
	order.PutUint32(bytes[84:], uint32(len(body)))
	bytes = append(bytes, body...)
	bytes = append(append(bytes, byte(len(g.topic))), g.topic...)
	bytes = append(order.AppendUint16(bytes, uint16(len(properties))), properties...)
	order.PutUint32(bytes, uint32(len(bytes)))
	return bytes
}

func positionOf(message int64) int64 {
	return message/messagesASegment*segmentBytes + message%messagesASegment*grownMessage
}

// writeSegment writes the file's first message, and, unless it is the last file, a blank record over the rest.
func (g *Grown) writeSegment(segment int64, last bool) error {
	bytes := g.record(segment * messagesASegment)
	if !last {
		rest := uint32(segmentBytes - len(bytes))
		bytes = binary.BigEndian.AppendUint32(bytes, rest)
		bytes = binary.BigEndian.AppendUint32(bytes, blankMagic)
	}
	return writeSparse(filepath.Join(g.folder, "commitlog", fmt.Sprintf("%020d", segment*segmentBytes)), bytes, segmentBytes)
}

// writeQueue writes one unit a message: position 8, size 4, tags code 8.
func (g *Grown) writeQueue(queue int64) error {
	count := (g.messages - queue + g.queues - 1) / g.queues
	for first := int64(0); first < count; first += queueFileUnits {
		units := make([]byte, 0, queueFileUnits*unitBytes)
		for unit := first; unit < count && unit < first+queueFileUnits; unit++ {
			message := unit*g.queues + queue
			size := uint32(grownMessage)
			if message%messagesASegment == 0 {
				size = uint32(len(g.record(message)))
			}
			units = binary.BigEndian.AppendUint64(units, uint64(positionOf(message)))
			units = binary.BigEndian.AppendUint32(units, size)
			units = binary.BigEndian.AppendUint64(units, 0)
		}
		name := filepath.Join(g.folder, "consumequeue", g.topic, fmt.Sprint(queue), fmt.Sprintf("%020d", first*unitBytes))
		if err := writeSparse(name, units, queueFileUnits*unitBytes); err != nil {
			return err
		}
	}
	return nil
}

// writeCheckpoint says that log, queues and index are complete up to the last message.
func (g *Grown) writeCheckpoint() error {
	last := uint64(g.storedMs(g.messages - 1))
	end := uint64(positionOf(g.messages-1) + int64(len(g.record(g.messages-1))))
	bytes := make([]byte, 4096)
	for _, at := range []int{0, 8, 16} {
		binary.BigEndian.PutUint64(bytes[at:], last)
	}
	binary.BigEndian.PutUint64(bytes[40:], end)
	return writeSparse(filepath.Join(g.folder, "checkpoint"), bytes, 4096)
}

func writeSparse(path string, content []byte, size int64) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path, content, 0o644); err != nil {
		return err
	}
	return os.Truncate(path, size)
}
