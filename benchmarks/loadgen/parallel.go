package main

import "sync"

// onConnections opens connections, calls begin once all are open, then runs the work on each; it returns the first error
// once all are done.
func onConnections(options Options, count, bufferSize int, begin func(), work func(index int, connection *Connection) error) error {
	connections := make([]*Connection, count)
	for index := range connections {
		connection, err := dial(options.address(index), bufferSize)
		if err != nil {
			return err
		}
		defer connection.close()
		connections[index] = connection
	}
	begin()
	var group sync.WaitGroup
	errors := make([]error, count)
	for index, connection := range connections {
		group.Add(1)
		go func(index int, connection *Connection) {
			defer group.Done()
			errors[index] = work(index, connection)
		}(index, connection)
	}
	group.Wait()
	for _, err := range errors {
		if err != nil {
			return err
		}
	}
	return nil
}

// measureConnections lets each connection work until the end of one window, and prints what their tallies hold then.
func measureConnections(options Options, bufferSize int, work func(index int, c *Connection, tally *Tally, window Window) error) error {
	tallies := newTallies(options.connections)
	var window Window
	var sampling *Sampling
	begin := func() {
		window = options.window()
		sampling = sample(options.pids, window)
	}
	err := onConnections(options, options.connections, bufferSize, begin, func(index int, c *Connection) error {
		c.socket.SetDeadline(window.giveUp())
		return work(index, c, tallies[index], window)
	})
	if err != nil {
		return err
	}
	sampling.print(tallies)
	return nil
}

func newTallies(count int) []*Tally {
	tallies := make([]*Tally, count)
	for index := range tallies {
		tallies[index] = newTally()
	}
	return tallies
}
