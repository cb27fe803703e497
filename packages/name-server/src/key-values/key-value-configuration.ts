import type { FileSystem } from '@rocketmq-ts/platform'
import { type KeyValueTables, readKeyValueFile, writeKeyValueFile } from './key-value-file.ts'

/** The namespace of ordered topics: keys are topics, values their queues, such as `broker-a:4;broker-b:4`. */
export const orderTopicNamespace = 'ORDER_TOPIC_CONFIG'

/** Values that administrators keep at the name server, by namespace and key. A change is on disk once it returns. */
export class KeyValueConfiguration {
  readonly #fileSystem: FileSystem
  readonly #path: string
  readonly #tables: KeyValueTables

  /** @throws Error when the file cannot be read */
  constructor(fileSystem: FileSystem, path: string) {
    this.#fileSystem = fileSystem
    this.#path = path
    this.#tables = readKeyValueFile(fileSystem, path)
  }

  get(namespace: string, key: string): string | undefined {
    return this.#tables.get(namespace)?.get(key)
  }

  /** All of a namespace; undefined when nothing was ever put there. */
  list(namespace: string): ReadonlyMap<string, string> | undefined {
    return this.#tables.get(namespace)
  }

  put(namespace: string, key: string, value: string): void {
    const table = this.#tables.get(namespace)
    if (table === undefined) this.#tables.set(namespace, new Map([[key, value]]))
    else table.set(key, value)
    this.#persist()
  }

  /** @returns whether the key existed */
  delete(namespace: string, key: string): boolean {
    const wasThere = this.#tables.get(namespace)?.delete(key) === true
    if (wasThere) this.#persist()
    return wasThere
  }

  #persist(): void {
    writeKeyValueFile(this.#fileSystem, this.#path, this.#tables)
  }
}
