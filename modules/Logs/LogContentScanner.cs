using System.Buffers;
using Refinery.Kernel.Web;

namespace Refinery.Logs;

/// <summary>
/// Reads <c>{"name": …, "content": "64 MiB"}</c> as it arrives: the text of <c>content</c> goes unescaped into the draft, all the
/// rest is kept with an empty text in its place, to be parsed as any other body.
/// </summary>
internal sealed class LogContentScanner(LogDraft draft)
{
    private const int MaxRest = 1 << 20;

    private readonly ArrayBufferWriter<byte> rest = new();
    private readonly JsonTextReader content = new(draft.Append);
    private State state;
    private int depth;
    private int stringStart;
    private bool isEscaped;
    private bool isKeyNext;
    private bool isSeen;

    /// <summary>Where in the JSON the scanner stands.</summary>
    private enum State
    {
        Between,
        InString,
        AfterContentKey,
        BeforeContent,
        InContent,
    }

    /// <summary>The body without its content.</summary>
    public ReadOnlySpan<byte> Rest => rest.WrittenSpan;

    /// <summary>Takes the next bytes of the body.</summary>
    /// <exception cref="BodyException">The content is no JSON text, comes twice, or the rest is too long.</exception>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (state == State.InContent)
            {
                bytes = bytes[content.Add(bytes)..];
                state = content.IsEnded ? State.Between : State.InContent;
                continue;
            }

            Step(bytes[0]);
            bytes = bytes[1..];
        }
    }

    private void Step(byte one)
    {
        rest.Write([one]);
        if (rest.WrittenCount > MaxRest)
        {
            throw new BodyException("What stands beside the field 'content' is longer than 1 MiB.");
        }

        state = state switch
        {
            State.InString => InString(one),
            State.AfterContentKey => one == ':' ? State.BeforeContent : IsBlank(one) ? state : Between(one),
            State.BeforeContent => one == '"' ? BeginContent() : IsBlank(one) ? state : Between(one),
            State.Between => Between(one),
            _ => throw new InvalidOperationException($"The state {state} takes no single byte."),
        };
    }

    private State Between(byte one)
    {
        switch (one)
        {
            case (byte)'"':
                stringStart = rest.WrittenCount;
                return State.InString;
            case (byte)'{' or (byte)'[':
                depth++;
                isKeyNext = one == '{' && depth == 1;
                break;
            case (byte)'}' or (byte)']':
                depth--;
                break;
            case (byte)',':
                isKeyNext = depth == 1;
                break;
            default:
                break;
        }

        return State.Between;
    }

    private State InString(byte one)
    {
        if (isEscaped || one == '\\')
        {
            isEscaped = !isEscaped;
            return State.InString;
        }

        if (one != '"')
        {
            return State.InString;
        }

        var isContentKey = isKeyNext && rest.WrittenSpan[stringStart..^1].SequenceEqual("content"u8);
        isKeyNext = false;
        return isContentKey ? State.AfterContentKey : State.Between;
    }

    private State BeginContent()
    {
        if (isSeen)
        {
            throw new BodyException("The field 'content' comes twice.");
        }

        isSeen = true;
        rest.Write("\""u8);
        return State.InContent;
    }

    private static bool IsBlank(byte one) => one is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t';
}
