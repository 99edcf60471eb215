using System.Collections;
using System.Globalization;
using System.Reflection;
using System.Text.Json;

namespace Refinery.Kernel.Web;

/// <summary>Names the shapes of JSON in plain words.</summary>
internal static class JsonShape
{
    /// <summary>What a type looks like in JSON, for example <c>a whole number</c>.</summary>
    public static string Describe(Type? type)
    {
        type = type is null ? null : Nullable.GetUnderlyingType(type) ?? type;
        return type switch
        {
            null => "another value",
            _ when type == typeof(string) => "a text",
            _ when type == typeof(bool) => "true or false",
            _ when type == typeof(int) => "a whole number between -2147483648 and 2147483647",
            _ when type == typeof(long) => "a whole number",
            _ when type == typeof(double) => "a number",
            _ when type == typeof(DateTimeOffset) => "an ISO 8601 instant or unix seconds",
            { IsEnum: true } => "one of " + string.Join(", ", Enum.GetNames(type).Select(JsonNamingPolicy.SnakeCaseLower.ConvertName)),
            { IsGenericType: true } when type.GetGenericTypeDefinition() == typeof(OneOrMany<>) => "a JSON object or an array of them",
            _ when ElementType(type) is not null => "a JSON array",
            _ => "a JSON object",
        };
    }

    /// <summary>What was sent, quoted and cut.</summary>
    public static string DescribeValue(JsonElement? value) => value switch
    {
        null => "missing",
        { ValueKind: JsonValueKind.Object } => "a JSON object",
        { ValueKind: JsonValueKind.Array } => "a JSON array",
        { ValueKind: JsonValueKind.Null } => "null",
        { ValueKind: JsonValueKind.String } text => $"the text {Errors.Quote(SafeText(text))}",
        { } other => Errors.Quote(other.GetRawText()),
    };

    /// <summary>Walks a fault's path (<c>$.a[3].b</c>) through the document and the type at once.</summary>
    public static (JsonElement? Value, Type? Expected) Follow(JsonElement root, Type type, string path)
    {
        JsonElement? value = root;
        Type? expected = type;
        foreach (var part in path.TrimStart('$').Split(['.', '['], StringSplitOptions.RemoveEmptyEntries))
        {
            expected = expected is { IsGenericType: true } && expected.GetGenericTypeDefinition() == typeof(OneOrMany<>)
                ? Unwrap(expected, value)
                : expected;
            (value, expected) = part.EndsWith(']') ? Index(value, expected, part[..^1]) : Member(value, expected, part);
        }

        return (value, expected);
    }

    private static Type Unwrap(Type oneOrMany, JsonElement? value)
    {
        var item = oneOrMany.GetGenericArguments()[0];
        return value is { ValueKind: JsonValueKind.Array } ? item.MakeArrayType() : item;
    }

    private static (JsonElement? Value, Type? Expected) Index(JsonElement? value, Type? type, string text)
    {
        var index = int.TryParse(text, CultureInfo.InvariantCulture, out var number) ? number : -1;
        JsonElement? item = value is { ValueKind: JsonValueKind.Array } list && index >= 0 && index < list.GetArrayLength() ? list[index] : null;
        return (item, type is null ? null : ElementType(type));
    }

    private static (JsonElement? Value, Type? Expected) Member(JsonElement? value, Type? type, string name)
    {
        JsonElement? member = value is { ValueKind: JsonValueKind.Object } owner && owner.TryGetProperty(name, out var found) ? found : null;
        var property = type?.GetProperties(BindingFlags.Public | BindingFlags.Instance)
            .FirstOrDefault(candidate => JsonNamingPolicy.SnakeCaseLower.ConvertName(candidate.Name) == name);
        return (member, property?.PropertyType ?? (type is null ? null : ElementType(type)));
    }

    private static Type? ElementType(Type type)
    {
        if (type.IsArray)
        {
            return type.GetElementType();
        }

        return type != typeof(string) && typeof(IEnumerable).IsAssignableFrom(type) && type.IsGenericType
            ? type.GetGenericArguments()[^1]
            : null;
    }

    private static string SafeText(JsonElement text)
    {
        try
        {
            return text.GetString() ?? string.Empty;
        }
        catch (InvalidOperationException)
        {
            return text.GetRawText();
        }
    }
}
