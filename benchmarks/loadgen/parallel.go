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

func newTallies(count int) []*Tally {
	tallies := make([]*Tally, count)
	for index := range tallies {
		tallies[index] = newTally()
	}
	return tallies
}
