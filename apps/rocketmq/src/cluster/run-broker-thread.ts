import type { MessagePort } from 'node:worker_threads'
import { createBroker } from '@rocketmq-ts/broker'
import { formatAddress } from '@rocketmq-ts/remoting'
import { appPlatform } from '../app-platform.ts'
import { explainStartError } from '../describe-error.ts'
import { createLog } from '../log.ts'
import { readBrokerProperties } from '../read-broker-conf.ts'
import { type BrokerThreadData, type BrokerThreadMessage, errorFacts } from './broker-thread-messages.ts'

/** The life of a broker's thread: starts the broker, and closes it when a message asks for it. */
export function runBrokerThread(data: BrokerThreadData, parent: MessagePort): void {
  const tell = (message: BrokerThreadMessage) => parent.postMessage(message)
  const fail = (error: unknown): never => {
    tell({ kind: 'failed', error: errorFacts(error) })
    process.exit(1) // Ends this thread alone.
  }
  const starting = startBroker(data).then(({ broker, brokerIP1 }) => {
    const { address } = broker
    tell({ kind: 'ready', address, advertised: formatAddress({ host: brokerIP1, port: address.port }) })
    return broker
  })
  starting.catch(fail)
  parent.once('message', () => {
    starting.then((broker) => broker.close()).then(() => process.exit(0), fail)
  })
}

async function startBroker(data: BrokerThreadData) {
  const { name, properties, decidedKeys, log: logOptions, acceptLostMessages } = data
  const platform = appPlatform(logOptions)
  const log = createLog(name, logOptions)
  // The main thread has read the files and logged their warnings.
  const { values: settings } = readBrokerProperties({ properties, sourceOf: () => name }, platform)
  const parts = { settings, decidedKeys, platform, log, acceptLostMessages }
  const broker = await createBroker(parts).catch((error: unknown) => {
    throw explainStartError(error, {
      owner: name,
      listenPort: settings.listenPort,
      portAdvice: 'choose others with --broker-port',
      hostAdvice: 'choose another with --host',
      folder: settings.storePathRootDir,
      folderAdvice: `the store is ${settings.storePathRootDir}: choose another folder with --data`,
    })
  })
  return { broker, brokerIP1: settings.brokerIP1 }
}
