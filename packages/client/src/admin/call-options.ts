import { type CallOptions, callFields } from '../calls/deadline.ts'
import { knownFields } from '../known-fields.ts'
import type { KeyQuery } from './messages.ts'

/** The fields of options that calls of an admin take beside those of all calls. */

export const dryRun = knownFields<CallOptions & { readonly dryRun: boolean }>({ ...callFields, dryRun: true })
export const status = knownFields<CallOptions & { readonly withStacks: boolean }>({
  ...callFields,
  withStacks: true,
})
export const query = knownFields<CallOptions & KeyQuery>({ ...callFields, from: true, to: true, limit: true })
export const liteClient = knownFields<CallOptions & { readonly max: number }>({ ...callFields, max: true })
export const liteProgress = knownFields<CallOptions & { readonly liteTopic: string; readonly top: number }>({
  ...callFields,
  liteTopic: true,
  top: true,
})
export const trigger = knownFields<CallOptions & { readonly clientId: string }>({ ...callFields, clientId: true })
