// The product that a command is about unless another one is named.

export const DEFAULT_PRODUCT = 'cto'
