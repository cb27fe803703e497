import { propertyName } from '@rocketmq-ts/protocol'
import { encodedProperty, terminated, withProperties } from './property-text.ts'

export interface BrokerPropertySettings {
  regionId: string
  traceOn: boolean
}

const names = [propertyName.messageRegion, propertyName.traceOn, propertyName.cluster] as const

/** The properties that a broker gives each message which producers send: the same text until its settings change. */
export class BrokerProperties {
  readonly #clusterName: string
  #settings: BrokerPropertySettings | undefined
  #text = ''

  constructor(clusterName: string) {
    this.#clusterName = clusterName
  }

  /** Sets them in encoded properties. What a producer sent under their names is replaced. */
  addTo(properties: string, settings: BrokerPropertySettings): string {
    // The names can also be the end of longer ones, or stand in values: then nothing is lost but time.
    if (names.some((name) => properties.includes(name))) return withProperties(properties, this.#values(settings))
    if (settings !== this.#settings) {
      this.#settings = settings
      this.#text = Object.entries(this.#values(settings))
        .map(([name, value]) => encodedProperty(name, value))
        .join('')
    }
    return terminated(properties) + this.#text
  }

  #values(settings: BrokerPropertySettings): Record<string, string> {
    return {
      [propertyName.messageRegion]: settings.regionId,
      [propertyName.traceOn]: String(settings.traceOn),
      [propertyName.cluster]: this.#clusterName,
    }
  }
}
