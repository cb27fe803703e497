package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"
)

const maxFrame = 16 << 20

// Connection reads responses out of a large buffer and gathers requests in another.
type Connection struct {
	socket net.Conn
	input  []byte
	from   int
	to     int
	output []byte
	// flushesToRead sends what is gathered before a read waits. Not where another goroutine gathers.
	flushesToRead bool
}

// dial connects to a loopback address; any other is refused, so that the load never leaves the machine.
func dial(address string, bufferSize int) (*Connection, error) {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	if ip := net.ParseIP(host); ip == nil || !ip.IsLoopback() {
		return nil, fmt.Errorf("%s is not a loopback address", address)
	}
	socket, err := net.DialTimeout("tcp", address, 5*time.Second)
	if err != nil {
		return nil, err
	}
	return &Connection{socket: socket, input: make([]byte, bufferSize)}, nil
}

func (c *Connection) close() { c.socket.Close() }

func (c *Connection) flush() error {
	if len(c.output) == 0 {
		return nil
	}
	_, err := c.socket.Write(c.output)
	c.output = c.output[:0]
	return err
}

// read gives the next response and its body, which is valid until the next read. Requests of the broker are passed by.
func (c *Connection) read(response *Response) ([]byte, error) {
	for {
		body, err := c.readFrame(response)
		if err != nil || response.flag&1 == 1 {
			return body, err
		}
	}
}

func (c *Connection) readFrame(response *Response) ([]byte, error) {
	if err := c.fill(8); err != nil {
		return nil, err
	}
	total := int(binary.BigEndian.Uint32(c.input[c.from:]))
	form := binary.BigEndian.Uint32(c.input[c.from+4:])
	headerLength := int(form & 0xffffff)
	if form>>24 != 0 || total > maxFrame || headerLength > total-4 {
		return nil, fmt.Errorf("no JSON frame: length %d, header word %x", total, form)
	}
	if err := c.fill(4 + total); err != nil {
		return nil, err
	}
	frame := c.input[c.from : c.from+4+total]
	c.from += 4 + total
	header := frame[8 : 8+headerLength]
	err := scanHeader(header, response)
	response.header = header
	return frame[8+headerLength:], err
}

// fill makes sure that this many bytes stand in the buffer.
func (c *Connection) fill(needed int) error {
	for c.to-c.from < needed {
		if c.from == c.to {
			c.from, c.to = 0, 0
		}
		if len(c.input)-c.from < needed || c.to == len(c.input) {
			target := c.input
			if len(target) < needed {
				target = make([]byte, 2*needed)
			}
			c.to = copy(target, c.input[c.from:c.to])
			c.from = 0
			c.input = target
		}
		if c.flushesToRead {
			if err := c.flush(); err != nil {
				return err
			}
		}
		count, err := c.socket.Read(c.input[c.to:])
		c.to += count
		if err != nil && c.to-c.from < needed {
			return err
		}
	}
	return nil
}

// call sends one request and awaits its response; nothing else may be under way.
func (c *Connection) call(frame []byte, response *Response) ([]byte, error) {
	c.output = append(c.output, frame...)
	if err := c.flush(); err != nil {
		return nil, err
	}
	return c.read(response)
}

func (c *Connection) maxOffset(topic string, queue int) (int64, error) {
	var response Response
	frame := simpleFrame(codeGetMaxOffset, 1, map[string]string{"topic": topic, "queueId": strconv.Itoa(queue)}, nil)
	if _, err := c.call(frame, &response); err != nil {
		return 0, err
	}
	if response.code != 0 || response.offset < 0 {
		return 0, fmt.Errorf("max offset of %s, queue %d: code %d, %s", topic, queue, response.code, response.remark)
	}
	return response.offset, nil
}

func isTimeout(err error) bool {
	var timeout net.Error
	return errors.As(err, &timeout) && timeout.Timeout()
}
