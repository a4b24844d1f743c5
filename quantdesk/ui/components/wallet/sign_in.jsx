// Connect, read the exact text, sign, reload: after that the session cookie speaks for the wallet.
import { useEffect, useRef, useState } from "react";
import { shortAddress, toBase64 } from "./bytes.js";
import {
  connect,
  forget,
  listWallets,
  loadConfig,
  onWallets,
  post,
  rememberedWallet,
  signSignIn,
} from "./wallets.js";

const OPEN = "qd:sign-in";

export function ConnectButton({ className, label, children }) {
  return (
    <button type="button" className={className} onClick={() => window.dispatchEvent(new Event(OPEN))}>
      {children}
      {label}
    </button>
  );
}

export function SignOutButton({ children }) {
  const leave = async () => {
    await post("/api/auth/sign-out", {});
    forget();
    location.reload();
  };
  return (
    <button type="button" onClick={leave}>
      {children}
    </button>
  );
}

function WalletList({ wallets, busy, onChoose }) {
  if (!wallets.length) {
    return <p className="t2">No Solana wallet was found in this browser. Install one, then reload this page.</p>;
  }
  const last = rememberedWallet();
  return wallets.map((wallet, at) => (
    <button
      type="button"
      key={wallet.name}
      className="wallet"
      disabled={Boolean(busy)}
      autoFocus={last ? wallet.name === last : at === 0}
      onClick={() => onChoose(wallet)}
    >
      <img src={wallet.icon} alt="" width="20" height="20" />
      <b>{wallet.name}</b>
      {wallet.name === last ? <span className="t3">last used</span> : null}
      <span className="grow" />
      {busy === wallet.name ? <span className="t3">Opening</span> : null}
    </button>
  ));
}

function Steps({ step }) {
  return (
    <ol className="steps">
      {["Connect", "Sign"].map((name, at) => (
        <li key={name} data-on={at <= step} aria-current={at === step ? "step" : undefined}>
          {name}
        </li>
      ))}
    </ol>
  );
}

const PROMISES = [
  [true, "Proves the address is yours; the session lasts 7 days"],
  [true, "You can end it from the account menu"],
  [false, "Never asks for a seed phrase"],
  [false, "Cannot trade or withdraw by itself"],
];

function Promises() {
  return (
    <ul className="promises">
      {PROMISES.map(([does, text]) => (
        <li key={text} data-does={does}>
          {text}
        </li>
      ))}
    </ul>
  );
}

export function SignInDialog({ onConnected }) {
  const dialog = useRef(null);
  const [wallets, setWallets] = useState([]);
  const [busy, setBusy] = useState("");
  const [problem, setProblem] = useState("");
  const [ready, setReady] = useState(null);

  useEffect(() => {
    const refresh = () => setWallets([...listWallets()]);
    const open = () => {
      setProblem("");
      setReady(null);
      loadConfig().then(refresh, (error) => setProblem(error.message));
      refresh();
      if (!dialog.current.open) dialog.current.showModal();
    };
    const stop = onWallets(refresh);
    window.addEventListener(OPEN, open);
    return () => {
      stop();
      window.removeEventListener(OPEN, open);
    };
  }, []);

  const attempt = async (name, work) => {
    setBusy(name);
    setProblem("");
    try {
      await work();
    } catch (error) {
      setProblem(error?.message || "The wallet refused. Nothing was signed.");
    } finally {
      setBusy("");
    }
  };

  const choose = (wallet) =>
    attempt(wallet.name, async () => {
      const connection = await connect(wallet);
      const { address } = connection.account;
      const challenge = await post("/api/auth/nonce", { address });
      onConnected?.(address);
      setReady({ connection, challenge });
    });

  const sign = () =>
    attempt("sign", async () => {
      const { address, message, signature } = await signSignIn(ready.connection, ready.challenge);
      await post("/api/auth/sign-in", {
        address,
        message_b64: toBase64(message),
        signature_b64: toBase64(signature),
      });
      location.reload();
    });

  return (
    <dialog ref={dialog} className="modal sign-in" data-size="wide" aria-label="Sign in">
      <div className="sign-in-left">
        <div className="row spread">
          <h2>Sign in</h2>
          <span className="t3">Step {ready ? 2 : 1} of 2</span>
        </div>
        <Steps step={ready ? 1 : 0} />
        {ready ? (
          <>
            <p className="t3">Connected wallet</p>
            <div className="wallet chosen">
              <img src={ready.connection.wallet.icon} alt="" width="20" height="20" />
              <b>{ready.connection.wallet.name}</b>
              <span className="mono t3">{shortAddress(ready.connection.account.address)}</span>
            </div>
            <button type="button" className="act" data-tone="main" autoFocus disabled={busy === "sign"} onClick={sign}>
              {busy === "sign" ? "Waiting for your wallet" : "Sign this text"}
            </button>
            <button type="button" className="btn quiet" onClick={() => setReady(null)}>
              Use another wallet
            </button>
          </>
        ) : (
          <>
            <p className="t3">Wallets found in this browser</p>
            <WalletList wallets={wallets} busy={busy} onChoose={choose} />
          </>
        )}
        {problem ? (
          <p className="banner" data-tone="error" role="alert">
            {problem}
          </p>
        ) : null}
        <span className="grow" />
        <p className="t2">
          Prices stay live without an account.{" "}
          <button type="button" className="link" onClick={() => dialog.current.close()}>
            Keep looking
          </button>{" "}
          <kbd className="key">Esc</kbd>
        </p>
      </div>
      <div className="sign-in-right">
        <h3>{ready ? "You sign exactly this text" : "Next, you will sign a text"}</h3>
        <pre className="mono" tabIndex={0}>
          {ready
            ? ready.challenge.message
            : `${location.host} wants you to\nsign in with your Solana account:\n(the address you connect)\n\nChoose a wallet to see the exact\ntext. It costs nothing and moves\nno funds.`}
        </pre>
        <Promises />
      </div>
    </dialog>
  );
}
