// The development wallet: a key in this browser's local storage, registered through Wallet Standard
// like any other wallet. The page registers it only when the server says it is not production.
import { base58, fromBase64 } from "./bytes.js";

const STORE = "qd-burner";
const CHAINS = ["solana:localnet", "solana:devnet"];
const ICON =
  "data:image/svg+xml;base64," +
  btoa(
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="6" fill="#2a2418"/>' +
      '<path d="M16 5c1 5 7 7 7 13a7 7 0 0 1-14 0c0-3 2-4 2.500-6 2 1 2.500 2 3 3 1.500-3 1.500-6 1.500-10z" fill="#d9c08a"/></svg>',
  );

async function loadKeys() {
  const stored = localStorage.getItem(STORE);
  if (stored) return JSON.parse(stored);
  const pair = await crypto.subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const jwk = await crypto.subtle.exportKey("jwk", pair.privateKey);
  localStorage.setItem(STORE, JSON.stringify(jwk));
  return jwk;
}

const unpadded = (text) => fromBase64(text.replace(/-/g, "+").replace(/_/g, "/"));

async function sign(jwk, bytes) {
  const key = await crypto.subtle.importKey("jwk", jwk, "Ed25519", false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("Ed25519", key, bytes));
}

// The text of a sign-in, as the Sign-In With Solana specification lays it out.
function signInText(input, address) {
  const lines = [`${input.domain} wants you to sign in with your Solana account:`, address];
  if (input.statement) lines.push("", input.statement);
  const fields = [
    ["URI", input.uri],
    ["Version", input.version],
    ["Chain ID", input.chainId],
    ["Nonce", input.nonce],
    ["Issued At", input.issuedAt],
    ["Expiration Time", input.expirationTime],
    ["Not Before", input.notBefore],
    ["Request ID", input.requestId],
  ].filter(([, value]) => value);
  if (fields.length || input.resources?.length) lines.push("");
  for (const [name, value] of fields) lines.push(`${name}: ${value}`);
  if (input.resources?.length) lines.push("Resources:", ...input.resources.map((item) => `- ${item}`));
  return lines.join("\n");
}

// A transaction is a short count, that many 64-byte signatures, then the message.
function signatureSlot(transaction, publicKey) {
  const count = transaction[0];
  const message = transaction.subarray(1 + 64 * count);
  const header = message[0] & 0x80 ? 1 : 0;
  for (let signer = 0; signer < message[header]; signer += 1) {
    const start = header + 4 + 32 * signer;
    if (publicKey.every((byte, at) => message[start + at] === byte)) return { message, signer };
  }
  throw new Error("This transaction does not ask for this wallet's signature.");
}

export class BurnerWallet {
  version = "1.0.0";
  name = "Burner (development)";
  icon = ICON;
  chains = CHAINS;
  accounts = [];
  #listeners = new Set();

  get features() {
    return {
      "standard:connect": { version: "1.0.0", connect: () => this.#connect() },
      "standard:disconnect": { version: "1.0.0", disconnect: async () => this.#set([]) },
      "standard:events": { version: "1.0.0", on: (_event, listener) => this.#on(listener) },
      "solana:signIn": { version: "1.0.0", signIn: (...inputs) => this.#signIn(inputs) },
      "solana:signMessage": { version: "1.0.0", signMessage: (...inputs) => this.#signMessage(inputs) },
      "solana:signTransaction": {
        version: "1.0.0",
        supportedTransactionVersions: ["legacy", 0],
        signTransaction: (...inputs) => this.#signTransaction(inputs),
      },
    };
  }

  #on(listener) {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(accounts) {
    this.accounts = accounts;
    for (const listener of this.#listeners) listener({ accounts });
  }

  async #connect() {
    const jwk = await loadKeys();
    const publicKey = unpadded(jwk.x);
    const address = base58(publicKey);
    if (this.accounts[0]?.address !== address) {
      const features = ["solana:signIn", "solana:signMessage", "solana:signTransaction"];
      this.#set([{ address, publicKey, chains: CHAINS, features, label: "Burner" }]);
    }
    return { accounts: this.accounts };
  }

  async #signIn(inputs) {
    await this.#connect();
    const [account] = this.accounts;
    return Promise.all(
      (inputs.length ? inputs : [{}]).map(async (input) => {
        const signedMessage = new TextEncoder().encode(signInText(input, account.address));
        const signature = await sign(await loadKeys(), signedMessage);
        return { account, signedMessage, signature, signatureType: "ed25519" };
      }),
    );
  }

  #signMessage(inputs) {
    return Promise.all(
      inputs.map(async ({ message }) => ({
        signedMessage: message,
        signature: await sign(await loadKeys(), message),
        signatureType: "ed25519",
      })),
    );
  }

  #signTransaction(inputs) {
    return Promise.all(
      inputs.map(async ({ account, transaction }) => {
        const signed = new Uint8Array(transaction);
        const { message, signer } = signatureSlot(signed, account.publicKey);
        signed.set(await sign(await loadKeys(), message), 1 + 64 * signer);
        return { signedTransaction: signed };
      }),
    );
  }
}

