package main

import (
	"syscall"
	"time"
)

var processStart = time.Now()

// now is the monotonic time since the process started, in nanoseconds.
func now() int64 { return int64(time.Since(processStart)) }

// shortSleep is what Go's own sleep may take too long: it waits in whole milliseconds while nothing else is to be done.
const shortSleep = 2_000_000

// sleepUntil sleeps to within some 0.1 ms, so that what is due is not late by the tool's own doing.
func sleepUntil(at int64) {
	if wait := at - now(); wait > shortSleep {
		time.Sleep(time.Duration(wait - shortSleep))
	}
	for wait := at - now(); wait > 0; wait = at - now() {
		rest := syscall.NsecToTimespec(wait)
		// Ends early when a signal comes.
		_ = syscall.Nanosleep(&rest, nil)
	}
}

func wallClock(at int64) time.Time { return processStart.Add(time.Duration(at)) }

// Window is when a load runs: from start on unmeasured, then measured from warm to end.
type Window struct{ start, warm, end int64 }

func newWindow(warmMs, measureMs int64) Window {
	start := now()
	warm := start + warmMs*1e6
	return Window{start: start, warm: warm, end: warm + measureMs*1e6}
}

func (w Window) measures(at int64) bool { return at >= w.warm && at < w.end }

// giveUp is when connections stop waiting for what is still due.
func (w Window) giveUp() time.Time { return wallClock(w.end + 5e9) }
