package main

// Pace calls for a connection's share of a rate.
type Pace struct {
	interval float64
	first    int64
	end      int64
}

// newPace spreads the connections' turns evenly over the interval.
func newPace(options Options, index int, window Window) Pace {
	interval := float64(options.connections) * 1e9 / options.rate
	return Pace{interval, window.start + int64(interval*float64(index)/float64(options.connections)), window.end}
}

// run calls send with the time at which each request is due, and flushes when no more are due yet.
func (p Pace) run(c *Connection, send func(due int64) error) error {
	for turn := 0; ; turn++ {
		due := p.first + int64(float64(turn)*p.interval)
		if due >= p.end {
			return c.flush()
		}
		if due > now() {
			if err := c.flush(); err != nil {
				return err
			}
			sleepUntil(due)
		} else if len(c.output) >= sendBuffer/4 {
			if err := c.flush(); err != nil {
				return err
			}
		}
		if err := send(due); err != nil {
			return err
		}
	}
}
