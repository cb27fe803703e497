import { Consumer, type ConsumerOptions, type ReceivedMessage } from '../../src/index.ts'
import { type ClientMachine, clientMachine, type Scene } from '../client-kit.ts'

export type Handled = ReceivedMessage & { atMs: number; member: string }

export interface Member {
  readonly consumer: Consumer
  readonly machine: ClientMachine
}

/** Consumers of one group that note what they are given. */
export class Group {
  readonly handled: Handled[] = []
  readonly scene: Scene

  constructor(scene: Scene) {
    this.scene = scene
  }

  get bodies(): string[] {
    return this.handled.map(({ body }) => String(body))
  }

  async join(
    name: string,
    options: Partial<ConsumerOptions> & Pick<ConsumerOptions, 'topics'>,
    handle: (message: ReceivedMessage) => unknown = () => {},
  ): Promise<Member> {
    const machine = clientMachine(this.scene.cluster)
    const consumer = new Consumer({
      ...this.scene.client(machine),
      group: 'readers',
      from: 'earliest',
      handler: (message) => {
        this.handled.push({ ...message, atMs: this.scene.cluster.simulation.monotonic(), member: name })
        return handle(message)
      },
      ...options,
    })
    await this.scene.settle(consumer.start())
    return { consumer, machine }
  }

  /** Waits until every body was handled. */
  async sees(bodies: readonly string[], msMax?: number): Promise<void> {
    await this.scene.cluster.until(
      'all are handled',
      () => {
        const seen = new Set(this.bodies)
        return bodies.every((body) => seen.has(body))
      },
      msMax,
    )
  }
}
