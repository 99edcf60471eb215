using System.Text.Encodings.Web;
using System.Text.Json;

namespace Refinery.FileQueue;

/// <summary>The words of the journal's lines, encoded once, and the way text is written: other alphabets stay readable.</summary>
internal static class JournalWords
{
    public static readonly JsonWriterOptions WriterOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static readonly JsonEncodedText Op = JsonEncodedText.Encode("op");
    public static readonly JsonEncodedText StepId = JsonEncodedText.Encode("step_id");
    public static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
    public static readonly JsonEncodedText Priority = JsonEncodedText.Encode("priority");
    public static readonly JsonEncodedText Rank = JsonEncodedText.Encode("rank");
    public static readonly JsonEncodedText EnqueuedAt = JsonEncodedText.Encode("enqueued_at");

    public static readonly JsonEncodedText Add = JsonEncodedText.Encode("add");
    public static readonly JsonEncodedText Pop = JsonEncodedText.Encode("pop");
    public static readonly JsonEncodedText Clear = JsonEncodedText.Encode("clear");
}
