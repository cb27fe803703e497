export { groupAttributeKinds, topicAttributeKinds } from './attribute-kinds.ts'
export { type AttributeChanges, alteredAttributes, parseAttributeChanges } from './attributes.ts'
export { groupNameProblem, internalTopicNameProblem, refuseProblem, topicNameProblem } from './names.ts'
export { tablePage } from './table-page.ts'
