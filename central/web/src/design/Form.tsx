import {
  useId,
  type InputHTMLAttributes,
  type ReactElement,
  type ReactNode,
  type SelectHTMLAttributes,
  type TextareaHTMLAttributes,
} from "react";
import "./controls.css";
import { Icon } from "./Icon";

interface FieldProps {
  label: string;
  hint?: ReactNode;
  /** What is wrong with the value; announced and tied to the field. */
  error?: string | undefined;
  /** The label is for screen readers only. */
  quiet?: boolean;
}

interface Wired {
  id: string;
  "aria-describedby": string | undefined;
  "aria-invalid": true | undefined;
  className: string;
}

function Field({
  label,
  hint,
  error,
  quiet = false,
  children,
}: FieldProps & { children: (wired: Wired) => ReactNode }): ReactElement {
  const id = useId();
  const described = [hint === undefined ? "" : `${id}-hint`, error === undefined ? "" : `${id}-error`];
  return (
    <div className="field">
      <label htmlFor={id} className={quiet ? "visually-hidden" : "field__label"}>
        {label}
      </label>
      {children({
        id,
        className: "input",
        "aria-describedby": described.filter(Boolean).join(" ") || undefined,
        "aria-invalid": error === undefined ? undefined : true,
      })}
      {hint !== undefined && (
        <span id={`${id}-hint`} className="field__hint">
          {hint}
        </span>
      )}
      {error !== undefined && (
        <span id={`${id}-error`} className="field__error" role="alert">
          <Icon name="alert" />
          {error}
        </span>
      )}
    </div>
  );
}

type TextProps = FieldProps & Omit<InputHTMLAttributes<HTMLInputElement>, "className" | "id">;

export function TextField({ label, hint, error, quiet, ...input }: TextProps): ReactElement {
  return (
    <Field {...shared(label, hint, error, quiet)}>
      {(wired) => <input type="text" autoComplete="off" {...input} {...wired} />}
    </Field>
  );
}

type AreaProps = FieldProps & Omit<TextareaHTMLAttributes<HTMLTextAreaElement>, "className" | "id">;

export function TextArea({ label, hint, error, quiet, ...input }: AreaProps): ReactElement {
  return (
    <Field {...shared(label, hint, error, quiet)}>{(wired) => <textarea {...input} {...wired} />}</Field>
  );
}

type SelectProps = FieldProps & Omit<SelectHTMLAttributes<HTMLSelectElement>, "className" | "id">;

/** Its children are `<option>`. */
export function SelectField({ label, hint, error, quiet, children, ...input }: SelectProps): ReactElement {
  return (
    <Field {...shared(label, hint, error, quiet)}>
      {(wired) => (
        <select {...input} {...wired}>
          {children}
        </select>
      )}
    </Field>
  );
}

function shared(
  label: string,
  hint: ReactNode,
  error: string | undefined,
  quiet: boolean | undefined,
): FieldProps {
  return {
    label,
    error,
    ...(hint === undefined ? {} : { hint }),
    ...(quiet === undefined ? {} : { quiet }),
  };
}

type CheckProps = { children: ReactNode } & Omit<InputHTMLAttributes<HTMLInputElement>, "type" | "id">;

/** A box to tick, with its words as children. */
export function CheckField({ children, ...input }: CheckProps): ReactElement {
  const id = useId();
  return (
    <div className="check">
      <input {...input} type="checkbox" id={id} />
      <label htmlFor={id}>{children}</label>
    </div>
  );
}

interface SegmentsProps<Value extends string> {
  /** What is chosen, for screen readers. */
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: readonly (readonly [Value, ReactNode])[];
}

/** One of a few: radio buttons side by side. */
export function Segments<Value extends string>({
  label,
  value,
  onChange,
  options,
}: SegmentsProps<Value>): ReactElement {
  const name = useId();
  return (
    <div role="radiogroup" aria-label={label} className="segments">
      {options.map(([option, words]) => (
        <label key={option}>
          <input
            type="radio"
            name={name}
            checked={option === value}
            onChange={() => {
              onChange(option);
            }}
          />
          {words}
        </label>
      ))}
    </div>
  );
}
