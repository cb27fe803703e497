import { EncodedProperties, marksOf, propertyName } from '@rocketmq-ts/protocol'
import { withProperties } from '../intake/property-text.ts'

export interface BrokerPropertySettings {
  regionId: string
  traceOn: boolean
}

const ownMarks = marksOf('messageRegion', 'traceOn', 'cluster')

/** Bytes for a separator and a unique id. */
const roomForOthers = 64

/** The properties that a broker gives each message which producers send: the same bytes until its settings change. */
export class BrokerProperties {
  readonly #clusterName: string
  #settings: BrokerPropertySettings | undefined
  #own = EncodedProperties.ofText('')

  constructor(clusterName: string) {
    this.#clusterName = clusterName
  }

  /**
   * Encodes properties, with room for those of the broker and for a few more.
   * @param text as the producer sent them
   */
  encode(text: string): EncodedProperties {
    return EncodedProperties.ofText(text, this.#own.bytes.length + roomForOthers)
  }

  /** Adds the broker's. What a producer sent under their names is replaced, in properties that are made anew. */
  addTo(properties: EncodedProperties, settings: BrokerPropertySettings): EncodedProperties {
    if (settings !== this.#settings) {
      this.#settings = settings
      this.#own = EncodedProperties.ofText(withProperties('', this.#values(settings)))
    }
    if (properties.hasAny(ownMarks)) return this.encode(withProperties(properties.text, this.#values(settings)))
    properties.append(this.#own)
    return properties
  }

  #values(settings: BrokerPropertySettings): Record<string, string> {
    return {
      [propertyName.messageRegion]: settings.regionId,
      [propertyName.traceOn]: String(settings.traceOn),
      [propertyName.cluster]: this.#clusterName,
    }
  }
}
