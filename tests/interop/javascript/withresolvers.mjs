// libp2p 3 is made for Node.js 22; of what it uses Node.js 20 lacks this only.
Promise.withResolvers ??= function () {
  const made = {}
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}
