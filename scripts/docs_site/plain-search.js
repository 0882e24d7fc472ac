// What is typed into the search is words, and no query language: an error's text or a flag, pasted as it is, finds its page.
{
  const QUERY = 2; // of the theme's messages to its search worker
  const NO_WORD = /[^\p{L}\p{N}_.'\s]+|(?<![\p{L}\p{N}_])[.']+|[.']+(?![\p{L}\p{N}_])/gu;
  const plain = (text) => {
    if (/^\s*"[^"]+"\s*$/.test(text)) return text; // these words in this order
    const words = text.replace(NO_WORD, " ").trim().split(/\s+/);
    const telling = words.filter((word) => word.length > 1); // one letter is the beginning of anything
    return (telling.length ? telling : words).join(" ");
  };
  const { postMessage } = Worker.prototype;
  Worker.prototype.postMessage = function (message, ...rest) {
    const asked = message?.type === QUERY && typeof message.data === "string";
    return postMessage.call(this, asked ? { ...message, data: plain(message.data) } : message, ...rest);
  };
}
