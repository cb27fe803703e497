import { createHmac } from 'node:crypto'
import type { ExtFields } from '@rocketmq-ts/protocol'
import type { SignedRequest, Signer } from '@rocketmq-ts/remoting'

export interface Credentials {
  readonly accessKey: string
  readonly secretKey: string
  /** Of credentials that are handed out for a time. */
  readonly securityToken?: string | undefined
}

/**
 * RocketMQ's access control, as its SDKs for the remoting protocol sign: HmacSHA1 over the values of all fields in the
 * order of their names, and the body, in base64.
 */
export class AclSigner implements Signer {
  readonly identity: ExtFields
  readonly #secretKey: string

  constructor({ accessKey, secretKey, securityToken }: Credentials) {
    this.identity = { AccessKey: accessKey, ...(securityToken === undefined ? {} : { SecurityToken: securityToken }) }
    this.#secretKey = secretKey
  }

  sign({ fields, body }: SignedRequest): ExtFields {
    const hmac = createHmac('sha1', this.#secretKey)
    for (const [, value] of fields) hmac.update(value, 'utf8')
    for (const part of body === undefined ? [] : Buffer.isBuffer(body) ? [body] : body) hmac.update(part)
    return { Signature: hmac.digest('base64') }
  }
}
