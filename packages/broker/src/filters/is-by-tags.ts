/** Whether a subscription is by tags, which an empty type stands for too. */
export function isByTags({ expressionType }: { readonly expressionType?: string | undefined }): boolean {
  return expressionType === undefined || expressionType === '' || expressionType === 'TAG'
}
