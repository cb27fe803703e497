import {
  Admin,
  LiteConsumer,
  type LiteConsumerOptions,
  type LiteGroupSettings,
  LiteSimpleConsumer,
  type LiteSimpleConsumerOptions,
  Producer,
  type ReceivedMessage,
  type SendReceipt,
} from '../../src/index.ts'
import { type ClientMachine, clientMachine, type Scene, startScene } from '../client-kit.ts'

/** A cluster with a topic `chat` that has lite topics, and a group `readers` that consumes them. */
export async function startLite({
  brokers = 1,
  brokerSettings = {},
  retriesMax,
  ...lite
}: LiteGroupSettings & {
  brokers?: number
  brokerSettings?: Record<string, string>
  retriesMax?: number
} = {}): Promise<Scene> {
  const scene = await startScene({ brokers, brokerSettings: { enableLmq: 'true', ...brokerSettings } })
  const admin = new Admin(scene.client())
  await scene.settle(admin.createTopic('chat', { queues: 1, lite: {} }))
  await scene.settle(admin.createGroup('readers', { retriesMax, lite: { topic: 'chat', ...lite } }))
  await scene.settle(admin.close())
  return scene
}

/** Sends bodies to a lite topic one after the other. */
export async function sendLite(scene: Scene, liteTopic: string, ...bodies: string[]): Promise<SendReceipt[]> {
  const producer = new Producer({ ...scene.client(), group: 'shop' })
  const receipts: SendReceipt[] = []
  for (const body of bodies) receipts.push(await scene.settle(producer.send({ topic: 'chat', liteTopic, body })))
  await scene.settle(producer.close())
  return receipts
}

export interface LiteHandled {
  readonly text: string
  readonly attempt: number
  readonly member: string
  readonly atMs: number
}

/** Consumers of one group that note what they are given, as `liteTopic:body`. */
export class LiteGroup {
  readonly handled: LiteHandled[] = []
  readonly scene: Scene

  constructor(scene: Scene) {
    this.scene = scene
  }

  get texts(): string[] {
    return this.handled.map(({ text }) => text)
  }

  async join(
    name: string,
    options: Partial<LiteConsumerOptions> = {},
    handle: (message: ReceivedMessage) => unknown = () => {},
  ): Promise<{ consumer: LiteConsumer; machine: ClientMachine }> {
    const machine = clientMachine(this.scene.cluster)
    const consumer = new LiteConsumer({
      ...this.scene.client(machine),
      group: 'readers',
      topic: 'chat',
      handler: (message) => {
        const { liteTopic, body, attempt } = message
        const atMs = this.scene.cluster.simulation.monotonic()
        this.handled.push({ text: `${liteTopic}:${body}`, attempt, member: name, atMs })
        return handle(message)
      },
      ...options,
    })
    await this.scene.settle(consumer.start())
    return { consumer, machine }
  }

  /** Waits until every text was handled. */
  async sees(texts: readonly string[], msMax?: number): Promise<void> {
    const isSeen = (): boolean => texts.every((text) => this.texts.includes(text))
    await this.scene.cluster.until('all are handled', isSeen, msMax)
  }
}

export function simple(scene: Scene, options: Partial<LiteSimpleConsumerOptions> = {}): LiteSimpleConsumer {
  return new LiteSimpleConsumer({ ...scene.client(), group: 'readers', topic: 'chat', ...options })
}
