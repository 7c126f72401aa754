import {
  createContext,
  use,
  useCallback,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from "react";
import { Button } from "./Button";
import { Icon } from "./Icon";
import "./surfaces.css";

interface Toast {
  number: number;
  text: string;
  tone: "good" | "bad";
}

type Tell = (text: string, tone?: Toast["tone"]) => void;

const SECONDS = 6;
const Context = createContext<Tell>(() => undefined);

/** `const tell = useToast(); tell("Saved.")`. A bad one stays until it is closed. */
export function useToast(): Tell {
  return use(Context);
}

export function Toasts({ children }: { children: ReactNode }): ReactElement {
  const [toasts, setToasts] = useState<readonly Toast[]>([]);
  const last = useRef(0);
  const close = useCallback((number: number) => {
    setToasts((shown) => shown.filter((toast) => toast.number !== number));
  }, []);
  const tell = useCallback<Tell>(
    (text, tone = "good") => {
      const number = ++last.current;
      setToasts((shown) => [...shown.slice(-3), { number, text, tone }]);
      if (tone === "good") setTimeout(close, SECONDS * 1000, number);
    },
    [close],
  );
  const list = useMemo(
    () =>
      toasts.map(({ number, text, tone }) => (
        <div key={number} className={`toast toast--${tone}`}>
          <Icon name={tone === "good" ? "check" : "alert"} />
          <span className="toast__text">{text}</span>
          <Button
            look="plain"
            icon="close"
            aria-label="Dismiss"
            onClick={() => {
              close(number);
            }}
          />
        </div>
      )),
    [toasts, close],
  );
  return (
    <Context value={tell}>
      {children}
      <div className="toasts" role="status">
        {list}
      </div>
    </Context>
  );
}
