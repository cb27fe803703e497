import module from 'node:module'
import { parentPort, workerData } from 'node:worker_threads'

module.enableCompileCache()

const { runBrokerThread } = await import('./cluster/run-broker-thread.ts')
if (parentPort === null) throw new Error('broker-worker.ts runs as a worker thread only')
runBrokerThread(workerData, parentPort)
