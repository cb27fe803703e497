// Makes ids as a producer on a thread of its own does, and hands them over.
import { parentPort, workerData } from 'node:worker_threads'
import { uniqueIds } from '../../src/messages/unique-ids.ts'
import { nodeRuntime } from '../../src/runtime.ts'

const next = uniqueIds(nodeRuntime())
parentPort.postMessage(Array.from({ length: workerData }, next))
