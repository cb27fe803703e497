/** The thread of a broker in the single executable: `broker-worker.ts` without modules that wait. */
import { parentPort, workerData } from 'node:worker_threads'
import { runBrokerThread } from './cluster/run-broker-thread.ts'

if (parentPort === null) throw new Error('executable-worker.ts runs as a worker thread only')
runBrokerThread(workerData, parentPort)
