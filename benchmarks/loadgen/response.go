package main

import (
	"bytes"
	"fmt"
)

// Response is what the loads need of a response's header.
type Response struct {
	code   int
	opaque int
	flag   int
	// next is nextBeginOffset, offset is offset; -1 when the header has none.
	next   int64
	offset int64
	// queueOffset and position (in the log, out of msgId) are of an answer to a send; -1 when the header has none.
	queueOffset int64
	position    int64
	remark      []byte
	// header is all of it, until the next read.
	header []byte
}

// scanHeader reads the wanted fields out of a JSON header in one pass: objects are followed by their depth and strings by
// their quotes, everything else is passed by.
func scanHeader(header []byte, response *Response) error {
	*response = Response{code: -1, opaque: -1, next: -1, offset: -1, queueOffset: -1, position: -1}
	depth := 0
	for at := 0; at < len(header); {
		switch header[at] {
		case '{', '[':
			depth++
			at++
		case '}', ']':
			depth--
			at++
		case '"':
			end := endOfString(header, at+1)
			if end < 0 {
				return fmt.Errorf("unfinished string in the header %q", header)
			}
			if end+1 >= len(header) || header[end+1] != ':' {
				at = end + 1
				break
			}
			key := header[at+1 : end]
			at = end + 2
			if depth == 1 {
				switch string(key) {
				case "code":
					response.code = int(number(header, at))
				case "opaque":
					response.opaque = int(number(header, at))
				case "flag":
					response.flag = int(number(header, at))
				case "remark":
					if stop := endOfString(header, at+1); stop > 0 {
						response.remark = header[at+1 : stop]
					}
				}
			} else if depth == 2 {
				switch string(key) {
				case "nextBeginOffset":
					response.next = number(header, at+1)
				case "offset":
					response.offset = number(header, at+1)
				case "queueOffset":
					response.queueOffset = number(header, at+1)
				case "msgId":
					response.position = positionOfID(header, at+1)
				}
			}
			if at < len(header) && header[at] == '"' {
				if end = endOfString(header, at+1); end < 0 {
					return fmt.Errorf("unfinished string in the header %q", header)
				}
				at = end + 1
			}
		default:
			at++
		}
	}
	if response.code < 0 || response.opaque < 0 {
		return fmt.Errorf("no code or no opaque in the header %q", header)
	}
	return nil
}

// endOfString is the position of the closing quote, or -1.
func endOfString(text []byte, at int) int {
	for at < len(text) {
		quote := bytes.IndexByte(text[at:], '"')
		if quote < 0 {
			return -1
		}
		end := at + quote
		slashes := 0
		for end-slashes-1 >= at && text[end-slashes-1] == '\\' {
			slashes++
		}
		if slashes%2 == 0 {
			return end
		}
		at = end + 1
	}
	return -1
}

func number(text []byte, at int) int64 {
	negative := at < len(text) && text[at] == '-'
	if negative {
		at++
	}
	var value int64
	for ; at < len(text) && text[at] >= '0' && text[at] <= '9'; at++ {
		value = value*10 + int64(text[at]-'0')
	}
	if negative {
		return -value
	}
	return value
}

// positionOfID is the position in the log that an id of a stored message ends with; -1 when it is none.
func positionOfID(text []byte, at int) int64 {
	end := endOfString(text, at)
	if end-at < 16 {
		return -1
	}
	var value int64
	for _, digit := range text[end-16 : end] {
		switch {
		case digit >= '0' && digit <= '9':
			value = value<<4 | int64(digit-'0')
		case digit >= 'A' && digit <= 'F':
			value = value<<4 | int64(digit-'A'+10)
		default:
			return -1
		}
	}
	return value
}
