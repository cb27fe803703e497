import type { Clock, FileSystem, Log } from '@rocketmq-ts/platform'
import { type EncodedProperties, marksOf, RepeatedValues } from '@rocketmq-ts/protocol'
import { ConfigFile, type Follower, type RecordView } from '@rocketmq-ts/storage'
import { DeferredSave } from '../kept/deferred-save.ts'
import { isWaitingTopic, realPlace } from '../stored-message.ts'
import { type KeptProducer, ProducerWindows, type WindowLimits } from './producer-windows.ts'

/** A message of a producer that numbers its messages has both of these. */
export const idempotenceMarks = marksOf('producerId', 'producerSequence')

const idCharactersMax = 128
const queueIdMax = 0x7fffffff

/** The number of a message. */
export interface ProducerSequence {
  id: string
  sequence: number
}

/** A producer sends many messages in a row. */
const producerIds = new RepeatedValues('producerId')

/** Undefined when it has none, or one that is no number from 0 on. */
export function sequenceOf(properties: EncodedProperties): ProducerSequence | undefined {
  const id = producerIds.of(properties)
  if (id === undefined || id.length > idCharactersMax) return undefined
  const sequence = properties.integer('producerSequence')
  return sequence >= 0 && sequence < Number.MAX_SAFE_INTEGER ? { id, sequence } : undefined
}

interface Kept {
  /** Milliseconds since 1970. */
  savedMs: number
  producers: KeptProducer[]
}

export interface ProducerLogOptions {
  fileSystem: FileSystem
  clock: Clock
  log: Log
  /** Absolute. */
  path: string
  limits: WindowLimits
}

const saveIntervalMs = 5000

/**
 * The sequence numbers of producers, from the log: the two properties stand in each record. A file holds them as they
 * were some seconds ago; the log is read again from the first record that is not in it.
 */
export class ProducerLog implements Follower {
  readonly name = 'producer sequences'
  readonly windows: ProducerWindows
  readonly #options: ProducerLogOptions
  readonly #file: ConfigFile
  readonly #save: DeferredSave
  /** Where the first record stands that is in no file, and the first one that the file will have which is being written. */
  #unsavedFrom = Number.POSITIVE_INFINITY
  #savingFrom = Number.POSITIVE_INFINITY

  constructor(options: ProducerLogOptions) {
    const { fileSystem, clock, log, path, limits } = options
    this.#options = options
    this.windows = new ProducerWindows(limits)
    this.#file = new ConfigFile(fileSystem, path, log)
    this.#save = new DeferredSave({
      clock,
      log,
      file: this.#file,
      intervalMs: saveIntervalMs,
      gatherMs: saveIntervalMs,
      snapshot: () => {
        // What comes while the text is made may be in it, too: it is the same when it is read again.
        this.#savingFrom = this.position
        this.#unsavedFrom = Number.POSITIVE_INFINITY
        return {
          pieces: this.#pieces(),
          written: () => {
            this.#savingFrom = Number.POSITIVE_INFINITY
          },
        }
      },
    })
  }

  prepare(): undefined {
    const kept = this.#file.load(parseKept)
    const { clock, limits } = this.#options
    if (kept === undefined || clock.now() - kept.savedMs > limits.silenceMsMax()) return undefined
    for (const producer of kept.producers) this.windows.restore(producer)
    return undefined
  }

  apply(record: RecordView): void {
    const { properties } = record
    if (!properties.hasAny(idempotenceMarks)) return
    const numbered = sequenceOf(properties)
    if (numbered === undefined) return
    const { physicalOffset, queueOffset, storeTimestamp } = record
    const place = { physicalOffset, queueOffset, queueId: queueIdOf(record) }
    this.windows.stored(numbered.id, numbered.sequence, place, storeTimestamp)
    this.#unsavedFrom = Math.min(this.#unsavedFrom, physicalOffset)
    this.#save.later()
  }

  endReplay(logEndPosition: number): void {
    // The file may know of messages that a failure of the power took.
    this.windows.forgetFrom(logEndPosition)
  }

  get position(): number {
    return Math.min(this.#unsavedFrom, this.#savingFrom)
  }

  /** The file is written in the background, at its own interval. */
  get waitingSinceMs(): undefined {
    return undefined
  }

  writeSome(): void {}

  write(): void {}

  async sync(): Promise<void> {}

  /** @returns false when the file lags behind the log */
  syncNow(): boolean {
    this.#saveNow(() => this.#save.flush())
    return this.position === Number.POSITIVE_INFINITY
  }

  truncate(position: number): void {
    this.windows.forgetFrom(position)
    this.#save.later()
  }

  trim(): void {}

  close(): void {
    this.#saveNow(() => this.#save.close())
  }

  /** What cannot be saved is read in the log again. */
  #saveNow(save: () => void): void {
    try {
      save()
    } catch (error) {
      this.#options.log.warn({ err: error, path: this.#file.path }, 'the numbers of producers could not be saved')
    }
  }

  *#pieces(): Iterable<string> {
    yield `{"savedMs":${this.#options.clock.now()},"producers":[`
    let separator = ''
    for (const producer of this.windows.kept()) {
      yield separator + JSON.stringify(producer)
      separator = ',\n'
    }
    yield ']}'
  }
}

/** The queue that the message was sent to: one that waits for its time or for its transaction stands in another one. */
function queueIdOf({ topic, queueId, properties }: RecordView): number {
  const real = isWaitingTopic(topic) ? realPlace({ properties: properties.text }) : undefined
  return real?.queueId ?? queueId
}

/** @throws Error when the text is not what the file should hold */
function parseKept(text: string): Kept {
  const kept: unknown = JSON.parse(text)
  if (typeof kept !== 'object' || kept === null) throw new Error('it holds no object')
  const { savedMs, producers } = kept as Partial<Kept>
  if (typeof savedMs !== 'number' || !Array.isArray(producers)) throw new Error('savedMs or producers is missing')
  for (const producer of producers as unknown[]) {
    if (!isKeptProducer(producer)) throw new Error('a producer is no list of its id and of numbers from 0 on')
  }
  return { savedMs, producers }
}

function isKeptProducer(producer: unknown): producer is KeptProducer {
  if (!Array.isArray(producer)) return false
  const [id, ...numbers] = producer as unknown[]
  return (
    typeof id === 'string' &&
    numbers.length % 4 === 1 &&
    numbers.every((one) => Number.isSafeInteger(one) && (one as number) >= 0) &&
    numbers.every((one, index) => index % 4 !== 2 || (one as number) <= queueIdMax)
  )
}
